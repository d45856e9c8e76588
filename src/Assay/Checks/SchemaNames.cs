using System.Collections.Immutable;
using System.Text;
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
    /// <param name="isJudged">Whether the test names a schema for it, so that it need not be known which one it named before.</param>
    public (string? Place, string? Problem) Of(FileChange change, JsonElement root, bool isJudged)
    {
        var now = Named(change.Path, root);
        if (now.Problem is { } problem) return (null, problem);
        var was = Was(change);
        if (was.Unknown is { } unknown && !isJudged && !was.Mentions(now.Text)) return (null, $"{unknown}: let the test name one");
        var isKept = was.Place is null || now.Place == was.Place || IsRenamed(was.Place, now.Place);
        if (!isKept) return (null, Dropped(was.Place!, now.Place ?? "none"));
        if (!changes.Any(c => c.Path == now.Place && Makes(c, was.Place))) return (now.Place, null);
        return (null, $"its schema {now.Place} is what this change made of it: let the test name one, or give it a command");
    }

    /// <summary>Whether a change of a schema is more than another mode, or another name of the one that was named before.</summary>
    private static bool Makes(FileChange schema, string? before) =>
        schema.Change != ChangeKind.Mode && (schema.Change != ChangeKind.Renamed || schema.From != before);

    /// <summary>What a document has lost that is none any more, but a link, or a file of another name; null: nothing.</summary>
    public string? Lost(FileChange change)
    {
        var was = Was(change);
        return was.Unknown ?? (was.Place is { } place ? Dropped(place, "none that is looked at") : null);
    }

    private static string Dropped(string before, string now) => $"it named the schema {before} before the change, and {now} now";

    private bool IsRenamed(string was, string? now) => changes.Any(c => c.From == was && c.Path == now);

    private Former Was(FileChange change)
    {
        var path = change.From ?? change.Path;
        if (change.Before is not { } version || !IsDocument(path)) return Former.Nothing;
        if (version.Kind != EntryKind.File) return new Former(null, "it was a link before the change, whose schema is not known", null);
        using var file = OpenedFile.ToRead(Path.Combine(before ?? "", version.Sha256.ToString()));
        if (file.Problem is not null) return new Former(null, "which schema it named before the change is not known", null);
        var bytes = file.ReadAll(StagedBefore.MaxFileBytes);
        var document = InputDocument.Read(bytes, path, StrictJson.UntrustedDepth);
        if (document.IsValid) return new Former(Named(path, document.Value.Root).Place, null, null);
        if (bytes.AsSpan().IndexOf("$schema"u8) < 0) return Former.Nothing;
        return new Former(null, "it could not be read before the change, where it mentioned another schema", bytes);
    }

    /// <summary>One of the network is not asked, and counts as none. Else it is a reference (RFC 3986) to a file of the tree.</summary>
    private static Name Named(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("$schema", out var named)) return default;
        if (named.ValueKind != JsonValueKind.String || named.GetString() is not { Length: > 0 } text) return default;
        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)) return Refused(text, "is no path of the tree: name it by one");
        if (text.Contains("://", StringComparison.Ordinal)) return default;
        var parts = text.Split('#', 2);
        if (parts is [_, { Length: > 0 }]) return Refused(text, "is a part of another, which is not looked for");
        var place = parts[0].Length == 0 ? path : Place(Path.GetDirectoryName(path) ?? "", Uri.UnescapeDataString(parts[0]));
        return place is null ? Refused(text, "lies outside of the tree, or is none of its files") : new Name(place, text, null);
    }

    private static Name Refused(string text, string why) => new(null, text, $"its schema {text} {why}");

    /// <summary>A path from the top of the tree; null: it is none.</summary>
    private static string? Place(string folder, string reference)
    {
        if (reference.Contains('\0')) return null;
        List<string> names = reference[0] == '/' ? [] : [.. folder.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        foreach (var name in reference.Split('/').Where(n => n is not ("" or ".")))
        {
            if (name != "..") names.Add(name);
            else if (names.Count == 0) return null;
            else names.RemoveAt(names.Count - 1);
        }

        return names.Count == 0 ? null : string.Join('/', names);
    }

    /// <summary>What a document names.</summary>
    /// <param name="Place">The path from the top of the tree; null: none.</param>
    /// <param name="Text">As it stands there.</param>
    /// <param name="Problem">Why it cannot be taken.</param>
    private readonly record struct Name(string? Place, string? Text, string? Problem);

    /// <summary>What a document named before.</summary>
    /// <param name="Place">The path from the top of the tree; null: none, or it is not known.</param>
    /// <param name="Unknown">Why it is not known.</param>
    /// <param name="Bytes">What could not be read.</param>
    private sealed record Former(string? Place, string? Unknown, byte[]? Bytes)
    {
        public static readonly Former Nothing = new(null, null, null);

        /// <summary>Whether what could not be read mentions a reference: it only had to be mended then.</summary>
        public bool Mentions(string? reference)
        {
            if (reference is null || Bytes is null) return false;
            var text = Encoding.UTF8.GetString(Bytes);
            for (var at = 0; ; at++)
            {
                at = text.IndexOf(reference, at, StringComparison.Ordinal);
                if (at < 0) return false;
                if (!IsPartOfPath(text, at - 1) && !IsPartOfPath(text, at + reference.Length)) return true;
            }
        }

        private static bool IsPartOfPath(string text, int at) =>
            at >= 0 && at < text.Length && (char.IsLetterOrDigit(text[at]) || "._-/%".Contains(text[at], StringComparison.Ordinal));
    }
}
