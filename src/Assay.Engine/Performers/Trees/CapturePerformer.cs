using System.Collections.Immutable;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="CaptureChanges"/>. It only reads, so an attempt that was lost is simply made again.</summary>
internal sealed class CapturePerformer(Workspace workspace) : IEffectPerformer
{
    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) =>
        Task.Run(() => Perform((CaptureChanges)attempt.Effect, cancel), CancellationToken.None);

    private EffectResult Perform(CaptureChanges effect, CancellationToken cancel)
    {
        try
        {
            return Capture(effect, cancel);
        }
        catch (OperationCanceledException)
        {
            return Problem("it was cancelled");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problem(e.Message);
        }
    }

    private EffectResult Capture(CaptureChanges effect, CancellationToken cancel)
    {
        using var folder = FolderHandle.Open(Path.Combine(workspace.Root, effect.Folder));
        using var kept = folder.FindFolder(CopyOutcome.BaseName) ?? throw new IOException("the untouched copy is not there any more");
        using var work = folder.FindFolder(CopyOutcome.WorkName) ?? throw new IOException("the copy to work in is not there any more");
        var before = SnapshotFile.Load(folder, TreeNames.Work);
        var changes = before.Changes(work, effect.MaxBytes, cancel: cancel).Select(c => Change(before, c.Key, c.Value)).ToList();
        var ignored = GitRepository.Ignored(effect.Origin, [.. changes.Select(c => c.Path)]);
        changes.RemoveAll(c => ignored.Contains(c.Path));
        if (changes.Count == 0) return Result(new ChangesOutcome(null, null, 0, 0, 0, 0, null), [], []);
        if (changes.Count > effect.MaxFiles) return Problem($"{changes.Count} files changed, more than {effect.MaxFiles}");
        var bytes = changes.Sum(c => (c.Before?.SizeBytes ?? 0) + (c.After?.SizeBytes ?? 0));
        if (bytes > effect.MaxBytes) return Problem($"the changed files hold {bytes} bytes, more than {effect.MaxBytes}");

        var files = WithRenames(changes).OrderBy(c => c.Path, StringComparer.Ordinal).ToImmutableArray();
        var blobs = new Dictionary<Digest, Blob>();
        var (diff, added, removed) = UnifiedDiff.Of(Contents(files, kept, work, blobs), folder);
        var set = new ChangeSet(before.Sha256(), Digest.Of(diff), files, added, removed);
        var document = set.Bytes();
        var outcome = new ChangesOutcome(Digest.Of(document), set.DiffSha256, diff.Length, files.Length, added, removed, null);
        return Result(outcome, document, [.. blobs.Values, new Blob(outcome.ChangesSha256!.Value, document), new Blob(set.DiffSha256, diff)]);
    }

    private static FileChange Change(TreeSnapshot before, string path, TreeEntry? now)
    {
        if (before.Entries.GetValueOrDefault(path)?.Version is not { } was) return new FileChange(path, ChangeKind.Created, null, null, now?.Version);
        var isMode = now is not null && now.Version with { Mode = was.Mode } == was;
        var kind = now is null ? ChangeKind.Deleted : isMode ? ChangeKind.Mode : ChangeKind.Modified;
        return new FileChange(path, kind, null, was, now?.Version);
    }

    /// <summary>A file that was deleted and created under another name with the same content was renamed.</summary>
    private static IEnumerable<FileChange> WithRenames(List<FileChange> changes)
    {
        var gone = changes.Where(c => c.Change == ChangeKind.Deleted && c.Before is { SizeBytes: > 0, Kind: EntryKind.File }).ToList();
        var renamed = new HashSet<string>(StringComparer.Ordinal);
        var result = new List<FileChange>();
        foreach (var created in changes.Where(c => c.Change == ChangeKind.Created))
        {
            var from = gone.Find(g => !renamed.Contains(g.Path) && g.Before == created.After);
            if (from is not null) renamed.Add(from.Path);
            result.Add(from is null ? created : new FileChange(created.Path, ChangeKind.Renamed, from.Path, from.Before, created.After));
        }

        return result.Concat(changes.Where(c => c.Change != ChangeKind.Created && !renamed.Contains(c.Path)));
    }

    /// <summary>The contents before and after, which the ledger is to keep.</summary>
    private static IEnumerable<ChangedContent> Contents(IEnumerable<FileChange> files, FolderHandle kept, FolderHandle work, Dictionary<Digest, Blob> blobs)
    {
        foreach (var file in files)
        {
            yield return new ChangedContent(
                file,
                file.Before is { } before ? Keep(kept, file.From ?? file.Path, before, blobs) : null,
                file.After is { } after ? Keep(work, file.Path, after, blobs) : null);
        }
    }

    private static byte[] Keep(FolderHandle tree, string path, FileVersion version, Dictionary<Digest, Blob> blobs)
    {
        var bytes = TreeEntry.Bytes(tree, path, version.Kind, version.SizeBytes);
        if (bytes is null || Digest.Of(bytes) != version.Sha256) throw new IOException($"{path} changed while it was read");
        blobs.TryAdd(version.Sha256, new Blob(version.Sha256, bytes));
        return bytes;
    }

    private static EffectResult Problem(string problem) => Result(new ChangesOutcome(null, null, 0, 0, 0, 0, problem), [], []);

    private static EffectResult Result(ChangesOutcome outcome, byte[] document, IReadOnlyList<Blob> blobs) => new(
        outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty.Add(ChangesOutcome.ChangesName, document), blobs);
}
