using System.Text;
using Assay.Engine.Files;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;

namespace Assay.Engine.Trees;

/// <summary>A file of a tree, with what tells later that it has not been touched.</summary>
internal sealed record TreeEntry(FileVersion Version, FileStamp Stamp)
{
    /// <summary>Reads what stands at a path of a tree; null when nothing does, or a folder.</summary>
    /// <exception cref="IOException">It cannot be read, or a link stands on the way to it.</exception>
    public static TreeEntry? Read(string tree, string path)
    {
        if (FileStat.Of(RootedPath.Parent(tree, path)) is null) return null;
        return FileStat.Of(Path.Combine(tree, path)) is { Kind: { } kind } found ? Read(tree, path, found, kind) : null;
    }

    /// <summary>The same for what was looked at already.</summary>
    public static TreeEntry Read(string tree, string path, FileStat found, EntryKind kind)
    {
        if (kind != EntryKind.Link) return new(new FileVersion(kind, found.Mode, kind == EntryKind.Special ? 0 : found.SizeBytes, Content(tree, path, kind)), found.Stamp);
        var target = Target(Path.Combine(tree, path));
        return new(new FileVersion(kind, found.Mode, target.Length, Digest.Of(target)) { Target = Encoding.UTF8.GetString(target) }, found.Stamp);
    }

    /// <summary>The bytes of a file, or where a link points, as far as they are not larger than agreed; else null.</summary>
    public static byte[]? Bytes(string tree, string path, EntryKind kind, long maxBytes) => kind switch
    {
        EntryKind.Link => Target(Path.Combine(tree, path)),
        EntryKind.File => EvidenceReader.Read(tree, new CollectedName(path, maxBytes, Content: true)).Content,
        _ => [],
    };

    private static Digest Content(string tree, string path, EntryKind kind) => kind switch
    {
        EntryKind.File => EvidenceReader.Read(tree, new CollectedName(path, long.MaxValue, Content: false)).File is { Sha256: { } digest } ? digest
            : throw new IOException($"{path} cannot be read"),
        _ => Digest.Of([]),
    };

    private static unsafe byte[] Target(string path)
    {
        var buffer = new byte[4096];
        fixed (byte* start = buffer)
        {
            var length = (int)Libc.ReadLink(path, start, (nuint)buffer.Length);
            return length >= 0 ? buffer[..length] : throw new IOException($"{path}: {Libc.LastError()}");
        }
    }
}
