using Assay.Engine.Processes.Sandbox;
using Assay.Engine.Trees;
using Assay.Kernel.Trees;

namespace Assay.Engine.Processes;

/// <summary>A run root that lies in memory while its process runs: what was staged is taken there, and what the process left is kept on the disk.</summary>
internal sealed class RunDisk : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly string _folder;
    private readonly long _bytes;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private long _seen;

    /// <param name="folder">The run root on the disk, with what was staged.</param>
    /// <param name="bytes">The disk cap.</param>
    /// <exception cref="IOException">There is no such file system here, or what was staged is more than it may hold.</exception>
    public RunDisk(string folder, long bytes)
    {
        if (Cage.MechanismOf(Kernel.Effects.SandboxLevel.Strict) != Mechanism.View) throw new IOException("disk: memory needs a view of Assay's own, as root");
        (_folder, _bytes) = (folder, bytes);
        Memory = new MemoryDisk(bytes);
        Copy(folder, Memory.Path);
    }

    public MemoryDisk Memory { get; }

    /// <summary>Brings what lies there to the disk. To be called once, when nothing of the run is left to change it.</summary>
    /// <exception cref="IOException">It cannot be kept: holes make it larger than the cap, it is nested too deep, or the disk is full.</exception>
    public void Keep()
    {
        foreach (var entry in new DirectoryInfo(_folder).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null } folder) folder.Delete(recursive: true);
            else entry.Delete();
        }

        _seen = 0;
        Copy(Memory.Path, _folder);
    }

    public void Dispose() => Memory.Dispose();

    private void Copy(string from, string to)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(from))
        {
            var target = Path.Combine(to, Path.GetFileName(path));
            var found = FileStat.Of(path) ?? throw new IOException($"{path} has a name that is no UTF-8");
            switch (found.Kind)
            {
                case null:
                    Directory.CreateDirectory(target);
                    Copy(path, target);
                    File.SetUnixFileMode(target, (UnixFileMode)found.Mode);
                    break;
                case EntryKind.Link:
                    File.CreateSymbolicLink(target, new FileInfo(path).LinkTarget!);
                    break;
                case EntryKind.File:
                    if ((_seen += found.SizeBytes) > _bytes) throw new IOException($"what it left is more than {_bytes} bytes when holes are counted");
                    CopyFile(path, target, found);
                    break;
            }
        }
    }

    /// <summary>Zeros become holes again, and nothing of the host's is given to a special file.</summary>
    private void CopyFile(string path, string target, FileStat found)
    {
        using (var source = File.OpenHandle(path))
        using (var copy = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write))
        {
            var at = 0L;
            for (int read; (read = RandomAccess.Read(source, _buffer, at)) > 0; at += read)
            {
                var block = _buffer.AsSpan(0, read);
                if (block.ContainsAnyExcept((byte)0)) RandomAccess.Write(copy, block, at);
            }

            RandomAccess.SetLength(copy, at);
        }

        File.SetUnixFileMode(target, (UnixFileMode)found.Mode);
        File.SetLastWriteTimeUtc(target, File.GetLastWriteTimeUtc(path));
    }
}
