using System.Text.Json;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Values;
using Microsoft.Win32.SafeHandles;

namespace Assay.Engine.Processes;

/// <summary>Adds up the cost that a process reports in its meter file, reading on from where it stopped before.</summary>
internal sealed class MeterReader(string path, Usd? most)
{
    private const int ChunkBytes = 16 * 1024;

    private readonly List<byte> _line = [];
    private long _read;

    /// <summary>Spent so far; each report is rounded up.</summary>
    public Usd Spent { get; private set; }

    /// <summary>Why the meter cannot be trusted; null while it can.</summary>
    public string? Problem { get; private set; }

    public bool IsOver => Problem is not null || Spent > most;

    /// <summary>Takes in what was appended. A last line without its break counts only at the end.</summary>
    public void Read(bool atEnd)
    {
        if (Problem is not null) return;
        using var handle = new SafeFileHandle(Libc.Open(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0), ownsHandle: true);
        if (handle.IsInvalid)
        {
            if (_read > 0 || Files.RootedPath.IsLink(path)) Problem = "the meter is not where it was";
            return;
        }

        try
        {
            if (RandomAccess.GetLength(handle) < _read) Problem = "the meter was cut";
            var buffer = new byte[ChunkBytes];
            for (int length; Problem is null && (length = RandomAccess.Read(handle, buffer, _read)) > 0; _read += length) Take(buffer.AsSpan(0, length));
            if (atEnd && _line.Count > 0) Add();
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            Problem = $"the meter cannot be read: {e.Message}";
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
        {
            _line.AddRange(bytes[..end]);
            Add();
        }

        _line.AddRange(bytes);
        if (_line.Count > ChunkBytes) Problem = $"a line of the meter is longer than {ChunkBytes} bytes";
    }

    private void Add()
    {
        try
        {
            using var document = JsonDocument.Parse(_line.ToArray());
            var usd = document.RootElement.GetProperty("cost_usd").GetDecimal();
            if (usd < 0) throw new FormatException("a cost is never negative");
            Spent = new Usd(checked(Spent.Micros + Usd.Spent(usd).Micros));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            Problem = """a line of the meter is not {"cost_usd": N} with N from 0""";
        }

        _line.Clear();
    }
}
