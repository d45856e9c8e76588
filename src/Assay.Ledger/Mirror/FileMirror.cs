using System.Security.Cryptography;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Mirror;

/// <summary>The files that are written from the ledger: each once, whole or not at all.</summary>
/// <param name="workspace">Absolute path of the workspace, to which files without a root of their own are relative.</param>
public sealed class FileMirror(string workspace)
{
    /// <summary>The problem of a file that is not there.</summary>
    public const string Missing = "is missing";

    /// <summary>Where a file lies.</summary>
    public string PathOf(MirrorFile file) => Path.Combine(file.Root ?? workspace, file.Path);

    /// <summary>Writes a derived file, unless it is there already. Nothing is overwritten: a different file stays for verification to find.</summary>
    public void Write(DerivedFile file)
    {
        var path = PathOf(file);
        if (File.Exists(path)) return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        using (var handle = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write)) RandomAccess.Write(handle, file.Content.Span, 0);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Brings back what a loss of power took: derived files always, captured ones as far as the ledger kept their bytes.</summary>
    public void Restore(MirrorFile file, Func<Digest, byte[]?> blob)
    {
        switch (file)
        {
            case DerivedFile derived:
                Write(derived);
                break;
            case CapturedFile captured when !File.Exists(PathOf(captured)) && blob(captured.Sha256) is { } bytes:
                Write(new DerivedFile(captured.Root, captured.Path, bytes));
                break;
        }
    }

    /// <summary>What is wrong with the file on disk, or null.</summary>
    public string? Check(MirrorFile file)
    {
        var path = PathOf(file);
        if (!File.Exists(path)) return Missing;
        if (new FileInfo(path).LinkTarget is not null) return "has been replaced by a link";
        try
        {
            if (file is DerivedFile derived)
            {
                return File.ReadAllBytes(path).AsSpan().SequenceEqual(derived.Content.Span) ? null : "differs from the ledger";
            }

            var captured = (CapturedFile)file;
            using var stream = File.OpenRead(path);
            return stream.Length == captured.SizeBytes && Digest.From(SHA256.HashData(stream)) == captured.Sha256 ? null : "differs from its digest in the ledger";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message}";
        }
    }
}
