using Assay.Native;

namespace Assay.Engine.Native;

/// <summary>Open files that a program is given besides its streams.</summary>
internal sealed unsafe class GivenFiles : IDisposable
{
    private readonly List<int> _files = [];
    private readonly List<int> _owned = [];

    /// <summary>As <see cref="SpawnRequest.Descriptors"/> wants them.</summary>
    public IReadOnlyList<int> Descriptors => _files;

    /// <summary>Gives a file, which is owned from now on, and returns the number that the program finds it under.</summary>
    public int Give(int file)
    {
        _owned.Add(file);
        return Lend(file);
    }

    /// <summary>Gives a file, which stays the caller's, and returns the number that the program finds it under.</summary>
    public int Lend(int file)
    {
        _files.Add(file);
        return Spawner.FirstGiven + _files.Count - 1;
    }

    /// <summary>Gives bytes to read, fewer than the 64 KiB that a pipe takes without anybody reading.</summary>
    /// <exception cref="IOException">This process has too many files open.</exception>
    public int Give(ReadOnlySpan<byte> bytes)
    {
        var (reading, writing) = NewPipe();
        fixed (byte* start = bytes) _ = Libc.Write(writing, start, (nuint)bytes.Length);
        _ = Libc.Close(writing);
        return Give(reading);
    }

    /// <summary>Gives a pipe to write to, whose other end the caller owns.</summary>
    /// <exception cref="IOException">This process has too many files open.</exception>
    public int GivePipe(out int reading)
    {
        (reading, var writing) = NewPipe();
        return Give(writing);
    }

    public void Dispose()
    {
        foreach (var file in _owned) _ = Libc.Close(file);
        _owned.Clear();
    }

    private static (int Reading, int Writing) NewPipe()
    {
        var pipe = stackalloc int[2];
        return Libc.Pipe2(pipe, Libc.O_CLOEXEC) == 0 ? (pipe[0], pipe[1]) : throw new IOException($"pipe: {Libc.LastError()}");
    }
}
