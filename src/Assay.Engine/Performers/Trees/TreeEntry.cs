using System.Text;
using Assay.Engine.Performers.Files;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>A file of a tree, with what tells later that it has not been touched.</summary>
internal sealed record TreeEntry(FileVersion Version, FileStamp Stamp)
{
    /// <summary>What stands at a path that is no folder.</summary>
    public static EntryKind KindOf(FileStat found) => found.Kind switch
    {
        FileKind.File => EntryKind.File,
        FileKind.Link => EntryKind.Link,
        _ => EntryKind.Special,
    };

    /// <summary>Reads what stands at a path of a tree; null when nothing does, or a folder.</summary>
    /// <exception cref="IOException">It cannot be read, or a link stands on the way to it.</exception>
    public static TreeEntry? Read(FolderHandle tree, string path) =>
        tree.Look(path) is { Kind: not FileKind.Folder } found ? Read(tree, path, found) : null;

    /// <summary>The same for what was looked at already.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="path">Its path there.</param>
    /// <param name="found">What was seen.</param>
    /// <param name="cancel">Ends the reading of a file.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TreeEntry Read(FolderHandle tree, string path, FileStat found, CancellationToken cancel = default)
    {
        var kind = KindOf(found);
        if (kind != EntryKind.Link)
        {
            return new(new FileVersion(kind, found.Mode, kind == EntryKind.Special ? 0 : found.SizeBytes, Content(tree, path, kind, cancel)), found.Stamp);
        }

        var target = tree.ReadLink(path);
        return new(new FileVersion(kind, found.Mode, target.Length, Digest.Of(target)) { Target = Encoding.UTF8.GetString(target) }, found.Stamp);
    }

    /// <summary>The bytes of a file, or where a link points, as far as they are not larger than agreed; else null.</summary>
    public static byte[]? Bytes(FolderHandle tree, string path, EntryKind kind, long maxBytes) => kind switch
    {
        EntryKind.Link => tree.ReadLink(path),
        EntryKind.File => EvidenceReader.Read(tree, new CollectedName(path, maxBytes, Content: true)).Content,
        _ => [],
    };

    private static Digest Content(FolderHandle tree, string path, EntryKind kind, CancellationToken cancel)
    {
        if (kind != EntryKind.File) return Digest.Of([]);
        var file = EvidenceReader.Read(tree, new CollectedName(path, long.MaxValue, Content: false), cancel).File;
        cancel.ThrowIfCancellationRequested();
        return file.Sha256 ?? throw new IOException($"{path} cannot be read: it {file.Problem}");
    }
}
