using System.Text.Json;
using Assay.Kernel.Values;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>Adds up the cost that a process reports in its meter file, reading on from where it stopped before.</summary>
/// <param name="folder">The run's folder, held open from before its process starts, so that nothing else can take its place.</param>
/// <param name="name">The file's name below it.</param>
/// <param name="most">The most that may be spent; null: no limit.</param>
internal sealed class MeterReader(FolderHandle folder, string name, Usd? most) : IDisposable
{
    private const int ChunkBytes = 16 * 1024;

    /// <summary>What is read in one look, so that whoever watches caps is not held up.</summary>
    private const long BytesAtOnce = 1 << 20;

    private const long MaxBytes = 64 << 20;

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
        try
        {
            using var file = folder.OpenFile(name);
            if (file.Handle is not null) Read(file, atEnd);
            else if (_read > 0 || !file.IsMissing) Problem = file.IsMissing ? "the meter is not where it was" : $"the meter {file.Problem}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"the meter cannot be read: {e.Message}";
        }
    }

    public void Dispose() => folder.Dispose();

    private void Read(OpenedFile file, bool atEnd)
    {
        if (file.SizeBytes < _read) Problem = "the meter was cut";
        if (file.SizeBytes > MaxBytes) Problem = $"the meter is larger than {MaxBytes} bytes";
        var end = atEnd ? MaxBytes : _read + BytesAtOnce;
        var buffer = new byte[ChunkBytes];
        for (int length; Problem is null && _read < end && (length = RandomAccess.Read(file.Handle!, buffer, _read)) > 0; _read += length)
        {
            Take(buffer.AsSpan(0, length));
        }

        if (atEnd && _line.Count > 0) Add();
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
