using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Native;
using Microsoft.Win32.SafeHandles;

namespace Assay.Ledger.Mirror;

/// <summary>The files that are written from the ledger.</summary>
/// <param name="workspace">Absolute path of the workspace, to which files without a root of their own are relative.</param>
public sealed class FileMirror(string workspace)
{
    /// <summary>The problem of a file that is not there.</summary>
    public const string Missing = "is missing";

    private const string Different = "differs from the ledger";

    /// <summary>Where a file lies.</summary>
    public string PathOf(MirrorFile file) => Path.Combine(file.Root ?? workspace, file.Path);

    /// <summary>
    /// Writes what an event gives rise to. Write-once files stay as they are when they are there: a different one is for verification to
    /// find.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="blob">Reads a document of the ledger.</param>
    public async ValueTask WriteAsync(MirrorFile file, Func<Digest, ValueTask<byte[]?>> blob)
    {
        switch (file)
        {
            case DerivedFile derived:
                await OnceAsync(derived, () => ValueTask.FromResult(derived.Content));
                break;
            case BlobFile kept:
                await OnceAsync(kept, () => FoundAsync(blob, kept.Sha256, kept));
                break;
            case LatestBlob latest:
                Replace(latest, (await FoundAsync(blob, latest.Sha256, latest)).Span);
                break;
            case AppendedLine line:
                Append(line, line.Content ?? await FoundAsync(blob, line.Sha256, line));
                break;
            case LatestFile latest:
                Replace(latest, latest.Content.Span);
                break;
        }
    }

    /// <summary>Brings back what a loss of power took: captured files only as far as the ledger kept their bytes.</summary>
    public async ValueTask RestoreAsync(MirrorFile file, Func<Digest, ValueTask<byte[]?>> blob)
    {
        if (file is not CapturedFile captured)
        {
            await WriteAsync(file, blob);
            return;
        }

        using var root = MadeRootOf(captured);
        if (root.Look(captured.Path) is null && await blob(captured.Sha256) is { } bytes) root.Write(captured.Path, bytes, replaces: false);
    }

    /// <summary>
    /// What is wrong with the file on disk, or null. Of a growing file only this line is looked at; <see cref="CheckEnd"/> sees what
    /// follows the last.
    /// </summary>
    public string? Check(MirrorFile file)
    {
        try
        {
            using var root = RootOf(file);
            using var found = root.OpenFile(file.Path);
            if (found.IsMissing) return Missing;
            if (found.Kind == FileKind.Link || found.Error == Libc.ELOOP) return "has been replaced by a link";
            if (found.Kind is not (FileKind.File or FileKind.Unknown)) return "has been replaced by what is no file";
            if (found.Handle is not { } handle) return found.Problem;
            return file switch
            {
                DerivedFile derived => HasBytes(handle, derived.Content.Span),
                LatestFile latest => HasBytes(handle, latest.Content.Span),
                AppendedLine line => HasLine(handle, line),
                CapturedFile captured => HasDigest(handle, captured.SizeBytes, captured.Sha256),
                BlobFile kept => HasDigest(handle, kept.SizeBytes, kept.Sha256),
                LatestBlob latest => HasDigest(handle, latest.SizeBytes, latest.Sha256),
                _ => throw new InvalidOperationException($"unknown file {file}"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message}";
        }
    }

    /// <summary>Whether a growing file goes on behind its last line.</summary>
    public string? CheckEnd(AppendedLine last)
    {
        try
        {
            using var root = RootOf(last);
            return root.Look(last.Path) is { Kind: FileKind.File } found && found.SizeBytes > last.End
                ? "goes on behind the last line that the ledger knows"
                : null;
        }
        catch (IOException e)
        {
            return $"cannot be read: {e.Message}";
        }
    }

    /// <summary>The folder that a file's path starts from, which is the person's own.</summary>
    private FolderHandle RootOf(MirrorFile file) => FolderHandle.OpenNamed(file.Root ?? workspace);

    private FolderHandle MadeRootOf(MirrorFile file) => FolderHandle.MakeNamed(file.Root ?? workspace);

    private static async ValueTask<ReadOnlyMemory<byte>> FoundAsync(
        Func<Digest, ValueTask<byte[]?>> blob, Digest sha256, MirrorFile file) =>
        await blob(sha256) ?? throw new LedgerException($"the ledger has lost {sha256}, which is {file.Path}");

    /// <summary>What stands in the place of a file and is none goes: it must not stand in for the record.</summary>
    private async ValueTask OnceAsync(MirrorFile file, Func<ValueTask<ReadOnlyMemory<byte>>> content)
    {
        using var root = MadeRootOf(file);
        var found = root.Look(file.Path);
        if (found is not { Kind: FileKind.File }) root.Write(file.Path, (await content()).Span, replaces: found is not null);
    }

    private void Replace(MirrorFile file, ReadOnlySpan<byte> content)
    {
        using var root = MadeRootOf(file);
        root.Write(file.Path, content, replaces: true);
    }

    /// <summary>
    /// Writes a line where it belongs, unless lines before it are missing: those come first, when the stream's owner catches up.
    /// </summary>
    private void Append(AppendedLine line, ReadOnlyMemory<byte> content)
    {
        using var root = MadeRootOf(line);
        using var handle = root.OpenToWrite(line.Path);
        if (RandomAccess.GetLength(handle) >= line.Offset) RandomAccess.Write(handle, content.Span, line.Offset);
    }

    private static string? HasBytes(SafeFileHandle handle, ReadOnlySpan<byte> content)
    {
        if (RandomAccess.GetLength(handle) != content.Length) return Different;
        var found = new byte[content.Length];
        return RandomAccess.Read(handle, found, 0) == found.Length && content.SequenceEqual(found) ? null : Different;
    }

    private static string? HasDigest(SafeFileHandle handle, long sizeBytes, Digest sha256)
    {
        var isSame = RandomAccess.GetLength(handle) == sizeBytes && FileHash.Of(handle, sizeBytes) is { } read
            && Digest.From(read.Sha256) == sha256;
        return isSame ? null : "differs from its digest in the ledger";
    }

    private static string? HasLine(SafeFileHandle handle, AppendedLine line)
    {
        if (RandomAccess.GetLength(handle) <= line.Offset) return Missing;
        var found = new byte[line.SizeBytes];
        var read = RandomAccess.Read(handle, found, line.Offset);
        return read == found.Length && Digest.Of(found) == line.Sha256 ? null : $"differs from the ledger at byte {line.Offset}";
    }
}
