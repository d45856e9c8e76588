using System.Security.Cryptography;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Inputs;

/// <summary>Documents and files that people name on the command line or in other documents.</summary>
internal static class DocumentFile
{
    /// <summary>No document that a person writes is larger.</summary>
    private const long MaxBytes = 16 << 20;

    /// <summary>Reads a document and checks it against a contract.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="version">The <c>schema_version</c> it must name.</param>
    /// <param name="shownAs">How errors name it; null: its path.</param>
    public static Checked<InputDocument> Read(string path, string version, string? shownAs = null)
    {
        var document = ReadAny(path, shownAs).Document;
        return document.IsValid ? ContractCatalog.Check(document.Value, version) : document;
    }

    /// <summary>The same, with the digest of the very bytes that were read.</summary>
    public static (Checked<InputDocument> Document, Digest Sha256) ReadWithDigest(string path, string version)
    {
        var (document, sha256) = ReadAny(path);
        return (document.IsValid ? ContractCatalog.Check(document.Value, version) : document, sha256);
    }

    /// <summary>Reads a document without looking at what it says.</summary>
    public static (Checked<InputDocument> Document, Digest Sha256) ReadAny(string path, string? shownAs = null)
    {
        var source = shownAs ?? path;
        try
        {
            if (Directory.Exists(path)) return (new InputProblem(source, "", "file", "is a folder, not a file"), default);
            if (!File.Exists(path)) return (new InputProblem(source, "", "file", "does not exist"), default);
            if (HostPath.IsNamedPipe(path)) return (new InputProblem(source, "", "file", "is a named pipe, not a file"), default);
            if (new FileInfo(path).Length > MaxBytes) return (new InputProblem(source, "", "file", $"is larger than {MaxBytes} bytes"), default);
            var bytes = File.ReadAllBytes(path);
            return (InputDocument.Read(bytes, source), Digest.Of(bytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (new InputProblem(source, "", "file", $"cannot be read: {e.Message}"), default);
        }
    }

    public static Digest Sha256(string path)
    {
        using var stream = File.OpenRead(path);
        return Digest.From(SHA256.HashData(stream));
    }
}
