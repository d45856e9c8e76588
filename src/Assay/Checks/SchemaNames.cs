using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Trees;
using Assay.Lanes.Tasks;
using Assay.Native;

namespace Assay.Checks;

/// <summary>
/// Which schemas documents name themselves. A change does not judge itself: a document keeps the schema that it named before, and no
/// schema that the same change made or changed speaks for it.
/// </summary>
/// <param name="changes">The whole change.</param>
/// <param name="before">The folder with what documents were before it, by their digests; null: none was anything.</param>
internal sealed class SchemaNames(ImmutableArray<FileChange> changes, string? before)
{
    /// <summary>Whether a file can name a schema, by its own name.</summary>
    public static bool IsDocument(string path) => BuiltInCheck.DocumentExtensions.Contains(Path.GetExtension(path).ToLowerInvariant());

    /// <summary>The path of the schema from the top of the tree, null when there is none; and why it cannot be taken.</summary>
    /// <param name="change">The document.</param>
    /// <param name="root">What it is now.</param>
    public (string? Place, string? Problem) Of(FileChange change, JsonElement root)
    {
        var (now, problem) = Named(change.Path, root);
        if (problem is not null) return (null, problem);
        var (was, unknown) = Was(change);
        if (unknown is not null) return (null, unknown);
        if (was is not null && now != was && !IsRenamed(was, now)) return (null, $"it named the schema {was} before the change, and {now ?? "none"} now");
        var isOwn = changes.Any(c => c.Path == now && c.Change is not (ChangeKind.Mode or ChangeKind.Renamed));
        return isOwn ? (null, $"its schema {now} is what this change made of it: let the test name one, or give it a command") : (now, null);
    }

    private bool IsRenamed(string was, string? now) => changes.Any(c => c.From == was && c.Path == now);

    private (string? Place, string? Problem) Was(FileChange change)
    {
        var path = change.From ?? change.Path;
        if (change.Before is not { Kind: EntryKind.File } version || !IsDocument(path)) return (null, null);
        using var file = OpenedFile.ToRead(Path.Combine(before ?? "", version.Sha256.ToString()));
        if (file.Problem is not null) return (null, "what it named as its schema before the change is not known");
        var document = InputDocument.Read(file.ReadAll(StagedBefore.MaxFileBytes), path, StrictJson.UntrustedDepth);
        return document.IsValid ? Named(path, document.Value.Root) with { Problem = null } : (null, null);
    }

    /// <summary>One of the network is not asked, and counts as none.</summary>
    private static (string? Place, string? Problem) Named(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("$schema", out var named)) return (null, null);
        if (named.ValueKind != JsonValueKind.String || named.GetString() is not { Length: > 0 } text || text.Contains('\0')) return (null, null);
        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)) return (null, $"its schema {text} is no path of the tree: name it by one");
        if (text.Contains("://", StringComparison.Ordinal)) return (null, null);
        return (Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(path) ?? "", text))), null);
    }
}
