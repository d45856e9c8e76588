using System.Globalization;
using System.Text;
using Assay.Native;

namespace Assay.Engine.Native;

/// <summary>A small file of /proc or a cgroup that stays open and is read or written whole, without allocating per call.</summary>
internal sealed unsafe class ControlFile : IDisposable
{
    private readonly string _path;
    private int _fd;

    private ControlFile(string path, int fd)
    {
        _path = path;
        _fd = fd;
    }

    /// <summary>For a thread that writes to it by itself.</summary>
    public int Fd => _fd;

    /// <summary>Null when it cannot be opened.</summary>
    public static ControlFile? TryOpen(string path, int flags)
    {
        var fd = Libc.Open(path, flags | Libc.O_CLOEXEC, 0);
        return fd < 0 ? null : new ControlFile(path, fd);
    }

    /// <exception cref="IOException">It cannot be opened.</exception>
    public static ControlFile Open(string path, int flags) => TryOpen(path, flags) ?? throw new IOException($"{path}: {Libc.LastError()}");

    /// <exception cref="IOException">The kernel refused the value.</exception>
    public void Write(long value)
    {
        Span<byte> text = stackalloc byte[24];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        if (!TryWrite(text[..length])) throw new IOException($"{_path}: {Libc.LastError()}");
    }

    public bool TryWrite(ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text)
        {
            return Libc.Write(_fd, bytes, (nuint)text.Length) == text.Length;
        }
    }

    /// <summary>The file's text, at most 64 KiB of it; empty when it cannot be read (any more).</summary>
    public string ReadText()
    {
        var buffer = new byte[4096];
        for (; ; )
        {
            var length = ReadInto(buffer);
            if (length < buffer.Length || buffer.Length >= 65_536) return Encoding.ASCII.GetString(buffer, 0, Math.Max(0, length));
            buffer = new byte[buffer.Length * 4];
        }
    }

    /// <summary>
    /// The number the file holds, or the one behind <paramref name="key"/> in a file of <c>key value</c> lines; 0 when absent.
    /// </summary>
    public long ReadNumber(ReadOnlySpan<byte> key = default)
    {
        Span<byte> buffer = stackalloc byte[4096];
        var text = (ReadOnlySpan<byte>)buffer[..Math.Max(0, ReadInto(buffer))];
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (!key.IsEmpty)
            {
                if (line.Length <= key.Length || !line.StartsWith(key) || line[key.Length] != ' ') continue;
                line = line[(key.Length + 1)..];
            }

            return long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
        }

        return 0;
    }

    public void Dispose()
    {
        if (_fd >= 0) Libc.Close(_fd);
        _fd = -1;
    }

    private int ReadInto(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            return (int)Libc.PRead(_fd, bytes, (nuint)buffer.Length, 0);
        }
    }
}
