using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Brings a change set into a tree, or takes it back: wholly or not at all, whatever cut it short.</summary>
/// <param name="tree">The tree's absolute path.</param>
/// <param name="changes">The change set.</param>
/// <param name="reverse">Take it back.</param>
/// <param name="merge">Merge with what a file has become, where that is possible.</param>
/// <param name="blob">Reads contents of the ledger.</param>
/// <param name="notes">The folder in which it is noted what was begun.</param>
internal sealed class TreePatch(
    string tree, ChangeSet changes, bool reverse, bool merge, Func<Digest, ValueTask<byte[]?>> blob, string notes)
{
    /// <summary>Files that an outcome names, so that it fits an event.</summary>
    private const int MaxListed = 50;

    private const long MostBytes = CaptureChanges.MostBytes;

    private readonly List<MergedFile> _merged = [];
    private HashSet<string>? _coming;

    /// <summary>
    /// Says why the tree is not the one on which the change was tested, but for the paths of the change; null when it is, or need not be. It
    /// is asked once what was cut short before is taken back.
    /// </summary>
    public Func<FolderHandle, IReadOnlySet<string>, string?> Moved { get; init; } = static (_, _) => null;

    /// <summary>Whether its contents survive a loss of power; a copy is rather made again.</summary>
    public bool IsSynced { get; init; } = true;

    /// <summary>Brings it in.</summary>
    /// <returns>What came of it, and what the ledger has to keep of it.</returns>
    public async ValueTask<(ApplyOutcome Outcome, IReadOnlyList<Blob> Blobs)> ApplyAsync()
    {
        try
        {
            using var top = FolderHandle.Find(tree);
            if (top is null) return Refused($"{tree} is no folder");
            using var journal = await ApplyJournal.OpenAsync(notes, Digest.Of(Encoding.UTF8.GetBytes(tree)).Short(16));
            return await ApplyAsync(top, journal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(e.Message);
        }
    }

    private async ValueTask<(ApplyOutcome Outcome, IReadOnlyList<Blob> Blobs)> ApplyAsync(FolderHandle top, ApplyJournal journal)
    {
        if (TakeBack(journal) is { } left) return Refused(left);
        if (Moved(top, Moves().Select(m => m.Path).ToHashSet(StringComparer.Ordinal)) is { } moved)
        {
            return (new ApplyOutcome(Applied: false, moved, []) { TreeMoved = true }, []);
        }

        var steps = new List<Step>();
        foreach (var move in Moves()) steps.Add(await PlanAsync(top, move));
        if (steps.Find(s => s.Conflict is not null) is { Conflict: { } conflict }) return Refused(conflict);
        var open = steps.Where(s => !s.IsThere).ToList();
        var kept = open.Count > 0 ? Exchange(top, journal, open) : [];
        var made = MergedChange.Of(changes, reverse, _merged);
        var outcome = new ApplyOutcome(Applied: true, null, [.. _merged.Take(MaxListed).Select(m => m.Path)])
        {
            Changes = made?.Sha256,
            Kept = kept.Count == 0 ? null : [.. kept.Take(MaxListed)],
        };
        return (outcome, made?.Blobs ?? []);
    }

    private IReadOnlyList<string> Exchange(FolderHandle top, ApplyJournal journal, List<Step> steps)
    {
        var files = steps.Select(s => new FileExchange(s.Path, Beside(s.Path, s.To), s.Was, s.To)).ToImmutableArray();
        var change = new BegunChange(tree, files);
        journal.Note(change, IsSynced);
        var exchange = new TreeExchange(top, files);
        try
        {
            exchange.Do(steps.Where(s => s.Content is not null).ToDictionary(s => s.Path, s => s.Content!, StringComparer.Ordinal), IsSynced);
            if (IsSynced) SyncFolders(files);
        }
        catch (Exception e)
        {
            if (exchange.Undo() is { } left)
            {
                var said = $"{e.Message}; what had been changed could not be taken back ({left}), so the tree has to be looked at";
                throw new IOException(said, e);
            }

            journal.End();
            throw;
        }

        journal.Note(change with { IsThere = true }, IsSynced);
        var kept = exchange.End();
        journal.End();
        return kept;
    }

    private void SyncFolders(IEnumerable<FileExchange> files)
    {
        var paths = files.Select(f => Path.Combine(tree, f.Path));
        DurableFile.SyncFolders(tree, paths.Where(p => Directory.Exists(Path.GetDirectoryName(p))));
    }

    /// <summary>
    /// Takes back what an attempt before has begun, or ends it where nothing was left but that. Returns why it could not.
    /// </summary>
    private static string? TakeBack(ApplyJournal journal)
    {
        if (journal.Unfinished() is not { } begun) return null;
        using var top = FolderHandle.Open(begun.Tree);
        var exchange = new TreeExchange(top, begun.Files);
        if (begun.IsThere) exchange.End();
        else if (exchange.Undo() is { } left) return $"what an attempt before had changed could not be taken back: {left}";
        journal.End();
        return null;
    }

    /// <summary>
    /// A name in the folder of a file; of one that makes room for a file in the place of its folder, in the folder of that.
    /// </summary>
    private string Beside(string path, FileVersion? to)
    {
        _coming ??= Moves().Where(m => m.To is not null).Select(m => m.Path).ToHashSet(StringComparer.Ordinal);
        var place = path;
        for (var cut = path.IndexOf('/'); cut > 0; cut = path.IndexOf('/', cut + 1))
        {
            if (to is not null || !_coming.Contains(path[..cut])) continue;
            place = path[..cut];
            break;
        }

        return $"{place[..(place.LastIndexOf('/') + 1)]}{FolderHandle.RandomName()}";
    }

    private static (ApplyOutcome Outcome, IReadOnlyList<Blob> Blobs) Refused(string problem) =>
        (new ApplyOutcome(Applied: false, problem, []), []);

    /// <summary>Each path with what must stand there and what shall; a rename is two.</summary>
    private IEnumerable<(string Path, FileVersion? From, FileVersion? To)> Moves()
    {
        foreach (var file in changes.Files)
        {
            var (before, after) = (file.From is null ? file.Before : null, file.After);
            yield return reverse ? (file.Path, after, before) : (file.Path, before, after);
            if (file.From is { } old) yield return reverse ? (old, null, file.Before) : (old, file.Before, null);
        }
    }

    private async ValueTask<Step> PlanAsync(FolderHandle top, (string Path, FileVersion? From, FileVersion? To) move)
    {
        var (path, from, to) = move;
        var found = Look(top, path);
        var now = found is null ? null : TreeExchange.Version(top, path);
        Step Refuse(string why) => new(path, now, to, Conflict: why);
        if (now == to) return new Step(path, now, to);
        if (found is { Kind: FileKind.Folder } && !IsCleared(top, path)) return Refuse($"{path} is a folder now");
        if (now == from)
        {
            var content = to is null ? null : await ContentAsync(to);
            return to is null || content is not null ? new Step(path, now, to, content) : Refuse($"the ledger does not hold the content of {path}");
        }

        if (merge) return await MergeAsync(top, path, now, from, to) ?? Refuse($"{path} has moved on and cannot be merged");
        return Refuse($"{path} {(now is null ? "is not there any more" : "has another content or mode now")}: the tree has moved on");
    }

    /// <summary>
    /// What stands at a path. Behind a link that the change takes away, to put a folder there, there is nothing of the tree's.
    /// </summary>
    private FileStat? Look(FolderHandle top, string path)
    {
        try
        {
            return top.Look(path);
        }
        catch (IOException) when (Moves().Any(m => m.To is null && path.StartsWith($"{m.Path}/", StringComparison.Ordinal)))
        {
            return null;
        }
    }

    /// <summary>Whether the change takes away all that lies in a folder, so that a file may stand in its place.</summary>
    private bool IsCleared(FolderHandle top, string path)
    {
        var going = Moves().Where(m => m.To is null).Select(m => m.Path).ToHashSet(StringComparer.Ordinal);
        using var folder = top.FindFolder(path);
        if (folder is null) return true;
        using var walk = new FolderWalk(folder, WalkBounds.OfRun);
        while (walk.Next())
        {
            if (walk.Found.Kind != FileKind.Folder && !going.Contains($"{path}/{walk.Path}")) return false;
        }

        return walk.Problem is null;
    }

    /// <summary>What a file becomes of what it is now and of the change; null when the two touch the same lines.</summary>
    private async ValueTask<Step?> MergeAsync(FolderHandle top, string path, FileVersion? now, FileVersion? from, FileVersion? to)
    {
        if (now is not { Kind: EntryKind.File, SizeBytes: <= MostBytes } || from is not { Kind: EntryKind.File } || to is not { Kind: EntryKind.File }) return null;
        if (TreeEntry.Bytes(top, path, EntryKind.File, now.SizeBytes) is not { } ours || Digest.Of(ours) != now.Sha256) return null;
        if (await ContentAsync(from) is not { } origin || await ContentAsync(to) is not { } theirs) return null;
        if (!new[] { ours, origin, theirs }.All(IsText) || GitRepository.Merge(ours, origin, theirs) is not { } merged) return null;
        var made = to with { SizeBytes = merged.Length, Sha256 = Digest.Of(merged) };
        _merged.Add(new MergedFile(path, now, ours, made, merged));
        return new Step(path, now, made, merged);
    }

    private static bool IsText(byte[] content) => !content.AsSpan().Contains((byte)0);

    private async ValueTask<byte[]?> ContentAsync(FileVersion version)
    {
        if (version.Kind == EntryKind.Special) return null;
        return await blob(version.Sha256) is { } bytes && Digest.Of(bytes) == version.Sha256 ? bytes : null;
    }

    /// <summary>What is to be done at a path.</summary>
    /// <param name="Path">The path.</param>
    /// <param name="Was">What stands there.</param>
    /// <param name="To">What shall stand there.</param>
    /// <param name="Content">Its content.</param>
    /// <param name="Conflict">Why it cannot be done.</param>
    private sealed record Step(string Path, FileVersion? Was, FileVersion? To, byte[]? Content = null, string? Conflict = null)
    {
        /// <summary>Whether it is there already.</summary>
        public bool IsThere => Conflict is null && Was == To;
    }
}
