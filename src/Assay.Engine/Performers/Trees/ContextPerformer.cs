using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="GatherContext"/>. It only reads, so an attempt that was lost is simply made again.</summary>
internal sealed class ContextPerformer(Workspace workspace) : IEffectPerformer
{
    /// <summary>The most that is read to find out what is text.</summary>
    private const long MostRead = 256L << 20;

    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) =>
        Task.Run(() => Perform((GatherContext)attempt.Effect, cancel), CancellationToken.None);

    private EffectResult Perform(GatherContext effect, CancellationToken cancel)
    {
        try
        {
            return Gather(effect, cancel);
        }
        catch (OperationCanceledException)
        {
            return Result(effect.Failed("it was cancelled", default));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Result(effect.Failed(e.Message, default));
        }
    }

    private EffectResult Gather(GatherContext effect, CancellationToken cancel)
    {
        using var folder = FolderHandle.Open(Path.Combine(workspace.Root, effect.Folder));
        using var kept = folder.FindFolder(CopyOutcome.BaseName) ?? throw new IOException("the untouched copy is not there any more");
        var tree = SnapshotFile.Load(folder, TreeNames.Base).Entries;
        var ignored = GitRepository.Ignored(effect.Origin, [.. tree.Keys]);
        var globs = effect.Globs.Select(g => GlobPattern.Parse(g) ?? throw new IOException($"\"{g}\" is no pattern")).ToList();
        var files = tree.Where(e => !ignored.Contains(e.Key)).OrderBy(e => e.Key, StringComparer.Ordinal)
            .Select(e => (Path: e.Key, e.Value.Version, IsNamed: globs.Exists(g => g.Matches(e.Key)))).ToList();
        var (left, toRead, contained) = (effect.MaxBytes, MostRead, 0);
        var listed = new JsonArray();
        foreach (var file in files.OrderByDescending(f => f.IsNamed).Take(GatherContext.MostFiles).OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            var entry = new JsonObject { ["path"] = file.Path, ["size_bytes"] = file.Version.SizeBytes };
            listed.Add(entry);
            if (!file.IsNamed) continue;
            if (Absent(file.Version, Math.Min(left, toRead)) is { } why)
            {
                entry["left_out"] = why;
                continue;
            }

            toRead -= file.Version.SizeBytes;
            if (Text(kept, file.Path, file.Version) is not { } text)
            {
                entry["left_out"] = "binary";
                continue;
            }

            left -= file.Version.SizeBytes;
            contained++;
            entry["content"] = text;
        }

        var document = Document(effect, files.Count, listed);
        return Result(new ContextOutcome(document.Sha256, files.Count, contained, effect.MaxBytes - left, null), document);
    }

    /// <summary>Why there is no content of an entry, as far as that is known without reading it; null: it may be text.</summary>
    private static string? Absent(FileVersion version, long room) => version switch
    {
        { Kind: EntryKind.Link } => "link",
        { Kind: EntryKind.Special } => "special",
        _ when version.SizeBytes > room => "max_bytes",
        _ => null,
    };

    /// <summary>A file's text; null when it is none.</summary>
    private static string? Text(FolderHandle tree, string path, FileVersion version)
    {
        var bytes = TreeEntry.Bytes(tree, path, version.Kind, version.SizeBytes);
        if (bytes is null || Digest.Of(bytes) != version.Sha256) throw new IOException($"{path} is not what was copied");
        return Utf8.IsValid(bytes) && !bytes.Contains((byte)0) ? Encoding.UTF8.GetString(bytes) : null;
    }

    private static Blob Document(GatherContext effect, int total, JsonArray files)
    {
        var document = new JsonObject
        {
            ["schema_version"] = GatherContext.Version,
            ["globs"] = new JsonArray([.. effect.Globs.Select(g => JsonValue.Create(g))]),
            ["max_bytes"] = effect.MaxBytes,
            ["files_total"] = total,
            ["files"] = files,
        };
        using var parsed = JsonDocument.Parse(document.ToJsonString());
        return Blob.Of(CanonicalJson.Serialize(parsed.RootElement));
    }

    private static EffectResult Result(EffectOutcome outcome, params IReadOnlyList<Blob> blobs) =>
        new(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, blobs);
}
