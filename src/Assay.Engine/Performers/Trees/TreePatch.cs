using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Brings a change set into a tree, or takes it back: wholly or not at all.</summary>
/// <param name="tree">The tree's absolute path.</param>
/// <param name="changes">The change set.</param>
/// <param name="reverse">Take it back.</param>
/// <param name="merge">Merge with what a file has become, where that is possible.</param>
/// <param name="blob">Reads contents of the ledger.</param>
internal sealed class TreePatch(string tree, ChangeSet changes, bool reverse, bool merge, Func<Digest, ValueTask<byte[]?>> blob)
{
    /// <summary>Merged files that an outcome names, so that it fits an event.</summary>
    private const int MaxListed = 50;

    /// <summary>
    /// No change that was captured has a larger file, so what stands there with more is neither before nor after, and is not read.
    /// </summary>
    private const long MostBytes = CaptureChanges.MostBytes;

    private readonly List<string> _merged = [];
    private readonly List<(string Path, FileVersion? Was, byte[]? Content)> _undo = [];

    public async ValueTask<ApplyOutcome> ApplyAsync()
    {
        try
        {
            using var top = FolderHandle.Find(tree);
            return top is null ? Refused($"{tree} is no folder") : await ApplyAsync(top);
        }
        catch (IOException e)
        {
            return Refused(e.Message);
        }
    }

    private async ValueTask<ApplyOutcome> ApplyAsync(FolderHandle top)
    {
        RemoveRests(top);
        var steps = new List<Step>();
        foreach (var move in Moves()) steps.Add(await PlanAsync(top, move));
        if (steps.Find(s => s.Conflict is not null) is { Conflict: { } conflict }) return Refused(conflict);
        try
        {
            // What goes makes room for what comes.
            foreach (var step in steps.OrderBy(s => s.To is not null)) Take(top, step);
            DurableFile.SyncFolders(tree, steps.Select(s => Path.Combine(tree, s.Path)).Where(p => Directory.Exists(Path.GetDirectoryName(p))));
        }
        catch (Exception e)
        {
            if (Undo(top) is { } left)
            {
                return Refused($"{e.Message}; what had been changed could not be taken back ({left}), so the tree has to be looked at");
            }

            if (e is IOException or UnauthorizedAccessException) return Refused(e.Message);
            throw;
        }

        return new ApplyOutcome(Applied: true, null, [.. _merged.Take(MaxListed)]);
    }

    /// <summary>An attempt before may have died between writing beside a file and putting that in its place.</summary>
    private void RemoveRests(FolderHandle top)
    {
        foreach (var place in Moves().Select(m => m.Path.LastIndexOf('/') is > 0 and var cut ? m.Path[..cut] : "").Distinct(StringComparer.Ordinal))
        {
            if (place.Length > 0 && top.Look(place) is not { Kind: FileKind.Folder }) continue;
            using var folder = top.FindFolder(place);
            folder?.RemoveRests();
        }
    }

    private static ApplyOutcome Refused(string problem) => new(Applied: false, problem, []);

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
        var now = Now(top, path);
        if (now == to) return new Step(path, to, null, IsThere: true, null);
        if (now is null && top.Look(path) is { Kind: FileKind.Folder } && !IsCleared(top, path))
        {
            return new Step(path, to, null, IsThere: false, $"{path} is a folder now");
        }

        if (now == from)
        {
            var content = to is null ? null : await ContentAsync(to);
            return to is null || content is not null ? new Step(path, to, content, IsThere: false, null) : Lost(path);
        }

        if (!merge) return new Step(path, to, null, IsThere: false, $"{path} {(now is null ? "is not there any more" : "has another content or mode now")}: the tree has moved on");
        return await MergeAsync(top, path, now, from, to);
    }

    /// <summary>What stands at a path; without its content's digest when that is larger than any of a change.</summary>
    private static FileVersion? Now(FolderHandle top, string path) => top.Look(path) switch
    {
        null or { Kind: FileKind.Folder } => null,
        { Kind: FileKind.File, SizeBytes: > MostBytes } large => new FileVersion(EntryKind.File, large.Mode, large.SizeBytes, default),
        { } found => TreeEntry.Read(top, path, found).Version,
    };

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

    private async ValueTask<Step> MergeAsync(FolderHandle top, string path, FileVersion? now, FileVersion? from, FileVersion? to)
    {
        var whole = now is { Kind: EntryKind.File, SizeBytes: <= MostBytes } && from is { Kind: EntryKind.File }
            && to is { Kind: EntryKind.File };
        if (whole && TreeEntry.Bytes(top, path, EntryKind.File, now!.SizeBytes) is { } ours && await ContentAsync(from!) is { } origin
            && await ContentAsync(to!) is { } theirs
            && new[] { ours, origin, theirs }.All(IsText) && GitRepository.Merge(ours, origin, theirs) is { } merged)
        {
            _merged.Add(path);
            return new Step(path, to! with { SizeBytes = merged.Length, Sha256 = Digest.Of(merged) }, merged, IsThere: false, null);
        }

        return new Step(path, to, null, IsThere: false, $"{path} has moved on and cannot be merged");
    }

    private static bool IsText(byte[] content) => !content.AsSpan().Contains((byte)0);

    private static Step Lost(string path) => new(path, null, null, IsThere: false, $"the ledger does not hold the content of {path}");

    private async ValueTask<byte[]?> ContentAsync(FileVersion version)
    {
        if (version.Kind == EntryKind.Special) return null;
        return await blob(version.Sha256) is { } bytes && Digest.Of(bytes) == version.Sha256 ? bytes : null;
    }

    private void Take(FolderHandle top, Step step)
    {
        if (step.IsThere) return;
        var was = Now(top, step.Path);
        if (was is { SizeBytes: > MostBytes }) throw new IOException($"{step.Path} has another content now");
        _undo.Add((step.Path, was, was is null ? null : TreeEntry.Bytes(top, step.Path, was.Kind, was.SizeBytes)));
        Put(top, step.Path, step.To, step.Content);
    }

    private static void Put(FolderHandle top, string path, FileVersion? version, byte[]? content)
    {
        if (version is null)
        {
            if (!top.Unlink(path)) throw new IOException($"{path} is not there any more");
            RemoveEmptyFolders(top, path);
        }
        else if (version.Kind == EntryKind.Link)
        {
            top.WriteLink(path, Encoding.UTF8.GetString(content!), replaces: true);
        }
        else
        {
            top.Write(path, content!, replaces: true, (uint)version.Mode, isSynced: true);
        }
    }

    /// <summary>Folders count only as the places of files; one that is not empty, or not ours to remove, stays.</summary>
    private static void RemoveEmptyFolders(FolderHandle top, string path)
    {
        try
        {
            for (var cut = path.LastIndexOf('/'); cut > 0; cut = path.LastIndexOf('/', cut - 1)) top.RemoveFolder(path[..cut]);
        }
        catch (IOException)
        {
            return;
        }
    }

    /// <summary>
    /// Puts back what was there, the last first. Returns why the first that could not be put back is not; null when all is as it was.
    /// </summary>
    private string? Undo(FolderHandle top)
    {
        string? left = null;
        for (var i = _undo.Count - 1; i >= 0; i--)
        {
            var (path, was, content) = _undo[i];
            try
            {
                if (Now(top, path) != was) Put(top, path, was, content);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                left ??= e.Message;
            }
        }

        return left;
    }

    /// <summary>What is to be done at a path.</summary>
    private sealed record Step(string Path, FileVersion? To, byte[]? Content, bool IsThere, string? Conflict);
}
