using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Microsoft.Win32.SafeHandles;

namespace Assay.Ledger.Mirror;

/// <summary>The files that are written from the ledger.</summary>
/// <param name="workspace">Absolute path of the workspace, to which files without a root of their own are relative.</param>
public sealed class FileMirror(string workspace)
{
    /// <summary>The problem of a file that is not there.</summary>
    public const string Missing = "is missing";

    private const string Different = "differs from the ledger";
    private const int ChunkBytes = 128 << 10;

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
        var (handle, error) = PlainFile.OpenToRead(path);
        using var opened = handle;
        switch (error)
        {
            case 0:
                break;
            case PlainFile.NoEntry or PlainFile.NoFolder:
                return Missing;
            case PlainFile.TooManyLinks:
                return "has been replaced by a link";
            default:
                return $"cannot be read: {Marshal.GetPInvokeErrorMessage(error)}";
        }

        if (PlainFile.LengthOf(handle) < 0 || Directory.Exists(path)) return "has been replaced by what is no file";
        try
        {
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
        using var handle = PlainFile.OpenToWrite(path);
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
        if (RandomAccess.GetLength(handle) != sizeBytes) return "differs from its digest in the ledger";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            // No further than it may be long, since a device never ends.
            for (long at = 0; at < sizeBytes;)
            {
                var length = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, sizeBytes - at)), at);
                if (length == 0) break;
                hash.AppendData(buffer, 0, length);
                at += length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Digest.From(hash.GetHashAndReset()) == sha256 ? null : "differs from its digest in the ledger";
    }

    private static string? HasLine(SafeFileHandle handle, AppendedLine line)
    {
        if (RandomAccess.GetLength(handle) <= line.Offset) return Missing;
        var found = new byte[line.SizeBytes];
        var read = RandomAccess.Read(handle, found, line.Offset);
        return read == found.Length && Digest.Of(found) == line.Sha256 ? null : $"differs from the ledger at byte {line.Offset}";
    }
}
