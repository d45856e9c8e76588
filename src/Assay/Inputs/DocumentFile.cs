using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Native;

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

    /// <summary>The contract that a document names; null when it names none.</summary>
    public static string? VersionOf(InputDocument document) =>
        document.Root is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("schema_version", out var version)
        && version.ValueKind == JsonValueKind.String
            ? version.GetString()
            : null;

    /// <summary>Reads a document without looking at what it says.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="shownAs">How errors name it; null: its path.</param>
    /// <param name="maxBytes">A larger one is refused.</param>
    public static (Checked<InputDocument> Document, Digest Sha256) ReadAny(string path, string? shownAs = null, long maxBytes = MaxBytes)
    {
        var source = shownAs ?? path;
        try
        {
            using var file = OpenedFile.ToReadOrPipe(path);
            if (file.Problem is { } problem) return (new InputProblem(source, "", "file", problem), default);
            var bytes = file.ReadAll(maxBytes);
            return (InputDocument.Read(bytes, source), Digest.Of(bytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (new InputProblem(source, "", "file", e.Message), default);
        }
    }

    /// <summary>A file as it is now; null, and why, when it is none that can be read.</summary>
    public static PinnedFile? Pin(string path, out string? problem)
    {
        using var file = OpenedFile.ToRead(path);
        problem = file.Problem;
        return problem is null && FileHash.Of(file.Handle!, long.MaxValue) is { } read
            ? new PinnedFile(path, Digest.From(read.Sha256)) { SizeBytes = read.SizeBytes }
            : null;
    }

    /// <summary>Whether a file can be read, and the digest of what it holds; null when that is more than a document.</summary>
    public static (bool IsThere, Digest? Sha256) Sha256(string path)
    {
        using var file = OpenedFile.ToRead(path);
        if (file.Handle is not { } handle) return (false, null);
        return (true, file.SizeBytes <= MaxBytes && FileHash.Of(handle, MaxBytes) is { } read ? Digest.From(read.Sha256) : null);
    }
}
