using System.Security.Cryptography;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Mirror;

/// <summary>The files that are written from the ledger.</summary>
/// <param name="workspace">Absolute path of the workspace, to which files without a root of their own are relative.</param>
public sealed class FileMirror(string workspace)
{
    /// <summary>The problem of a file that is not there.</summary>
    public const string Missing = "is missing";

    /// <summary>Where a file lies.</summary>
    public string PathOf(MirrorFile file) => Path.Combine(file.Root ?? workspace, file.Path);

    /// <summary>
    /// Writes what an event gives rise to. Write-once files stay as they are when they are there: a different one is for verification to
    /// find.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="blob">Reads a document of the ledger.</param>
    public void Write(MirrorFile file, Func<Digest, byte[]?> blob)
    {
        switch (file)
        {
            case DerivedFile derived:
                Once(derived, () => derived.Content);
                break;
            case BlobFile kept:
                Once(kept, () => Found(blob, kept.Sha256, kept));
                break;
            case LatestBlob latest:
                Replace(latest, Found(blob, latest.Sha256, latest));
                break;
            case AppendedLine line:
                Append(line, line.Content ?? Found(blob, line.Sha256, line));
                break;
            case LatestFile latest:
                Replace(latest, latest.Content.Span);
                break;
        }
    }

    /// <summary>Brings back what a loss of power took: captured files only as far as the ledger kept their bytes.</summary>
    public void Restore(MirrorFile file, Func<Digest, byte[]?> blob)
    {
        if (file is not CapturedFile captured) Write(file, blob);
        else if (!File.Exists(PathOf(captured)) && blob(captured.Sha256) is { } bytes) Replace(captured, bytes);
    }

    /// <summary>
    /// What is wrong with the file on disk, or null. Of a growing file only this line is looked at; <see cref="CheckEnd"/> sees what
    /// follows the last.
    /// </summary>
    public string? Check(MirrorFile file)
    {
        var path = PathOf(file);
        if (!File.Exists(path)) return Missing;
        if (new FileInfo(path).LinkTarget is not null) return "has been replaced by a link";
        try
        {
            return file switch
            {
                DerivedFile derived => HasBytes(path, derived.Content.Span),
                LatestFile latest => HasBytes(path, latest.Content.Span),
                AppendedLine line => HasLine(path, line),
                CapturedFile captured => HasDigest(path, captured.SizeBytes, captured.Sha256),
                BlobFile kept => HasDigest(path, kept.SizeBytes, kept.Sha256),
                LatestBlob latest => HasDigest(path, latest.SizeBytes, latest.Sha256),
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
        var path = PathOf(last);
        return File.Exists(path) && new FileInfo(path).Length > last.End ? "goes on behind the last line that the ledger knows" : null;
    }

    private static byte[] Found(Func<Digest, byte[]?> blob, Digest sha256, MirrorFile file) =>
        blob(sha256) ?? throw new LedgerException($"the ledger has lost {sha256}, which is {file.Path}");

    private void Once(MirrorFile file, Func<ReadOnlyMemory<byte>> content)
    {
        if (!File.Exists(PathOf(file))) Replace(file, content().Span);
    }

    private void Replace(MirrorFile file, ReadOnlySpan<byte> content)
    {
        var path = PathOf(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
        using (var handle = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write)) RandomAccess.Write(handle, content, 0);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>
    /// Writes a line where it belongs, unless lines before it are missing: those come first, when the stream's owner catches up.
    /// </summary>
    private void Append(AppendedLine line, ReadOnlyMemory<byte> content)
    {
        var path = PathOf(line);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        if (RandomAccess.GetLength(handle) >= line.Offset) RandomAccess.Write(handle, content.Span, line.Offset);
    }

    private static string? HasBytes(string path, ReadOnlySpan<byte> content) => File.ReadAllBytes(path).AsSpan().SequenceEqual(content) ? null : "differs from the ledger";

    private static string? HasDigest(string path, long sizeBytes, Digest sha256)
    {
        using var stream = File.OpenRead(path);
        return stream.Length == sizeBytes && Digest.From(SHA256.HashData(stream)) == sha256 ? null : "differs from its digest in the ledger";
    }

    private static string? HasLine(string path, AppendedLine line)
    {
        using var handle = File.OpenHandle(path);
        if (RandomAccess.GetLength(handle) <= line.Offset) return Missing;
        var found = new byte[line.SizeBytes];
        var read = RandomAccess.Read(handle, found, line.Offset);
        return read == found.Length && Digest.Of(found) == line.Sha256 ? null : $"differs from the ledger at byte {line.Offset}";
    }
}
