using System.Collections.Immutable;
using System.Text;
using Assay.Engine.Files;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;

namespace Assay.Engine.Trees;

/// <summary>Brings a change set into a tree, or takes it back: wholly or not at all.</summary>
/// <param name="tree">The tree's absolute path.</param>
/// <param name="changes">The change set.</param>
/// <param name="reverse">Take it back.</param>
/// <param name="merge">Merge with what a file has become, where that is possible.</param>
/// <param name="blob">Reads contents of the ledger.</param>
internal sealed class TreePatch(string tree, ChangeSet changes, bool reverse, bool merge, Func<Digest, byte[]?> blob)
{
    /// <summary>Merged files that an outcome names, so that it fits an event.</summary>
    private const int MaxListed = 50;

    private readonly List<string> _merged = [];
    private readonly List<(string Path, FileVersion? Was, byte[]? Content)> _undo = [];

    public ApplyOutcome Apply()
    {
        List<Step> steps;
        try
        {
            if (!Directory.Exists(tree)) return Refused($"{tree} is no folder");
            steps = [.. Moves().Select(Plan)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(e.Message);
        }

        if (steps.Find(s => s.Conflict is not null) is { Conflict: { } conflict }) return Refused(conflict);
        try
        {
            // What goes makes room for what comes.
            foreach (var step in steps.OrderBy(s => s.To is not null)) Take(step);
            DurableFile.SyncFolders(tree, steps.Select(s => Path.Combine(tree, s.Path)).Where(p => Directory.Exists(Path.GetDirectoryName(p))));
        }
        catch (Exception e)
        {
            if (Undo() is { } left)
            {
                return Refused($"{e.Message}; what had been changed could not be taken back ({left}), so the tree has to be looked at");
            }

            if (e is IOException or UnauthorizedAccessException) return Refused(e.Message);
            throw;
        }

        return new ApplyOutcome(Applied: true, null, [.. _merged.Take(MaxListed)]);
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

    private Step Plan((string Path, FileVersion? From, FileVersion? To) move)
    {
        var (path, from, to) = move;
        var now = TreeEntry.Read(tree, path)?.Version;
        if (now == to) return new Step(path, to, null, IsThere: true, null);
        if (now is null && Directory.Exists(Path.Combine(tree, path)) && !IsCleared(path)) return new Step(path, to, null, IsThere: false, $"{path} is a folder now");
        if (now == from) return to is null || Content(to) is { } content ? new Step(path, to, to is null ? null : Content(to), IsThere: false, null) : Lost(path);
        if (!merge) return new Step(path, to, null, IsThere: false, $"{path} {(now is null ? "is not there any more" : "has another content or mode now")}: the tree has moved on");
        return Merge(path, now, from, to);
    }

    /// <summary>Whether the change takes away all that lies in a folder, so that a file may stand in its place.</summary>
    private bool IsCleared(string folder)
    {
        var going = Moves().Where(m => m.To is null).Select(m => Path.Combine(tree, m.Path)).ToHashSet(StringComparer.Ordinal);
        return Directory.EnumerateFiles(Path.Combine(tree, folder), "*", SearchOption.AllDirectories).All(going.Contains);
    }

    private Step Merge(string path, FileVersion? now, FileVersion? from, FileVersion? to)
    {
        var whole = now is { Kind: EntryKind.File } && from is { Kind: EntryKind.File } && to is { Kind: EntryKind.File };
        if (whole && TreeEntry.Bytes(tree, path, EntryKind.File, now!.SizeBytes) is { } ours && Content(from!) is { } origin && Content(to!) is { } theirs
            && new[] { ours, origin, theirs }.All(IsText) && GitRepository.Merge(ours, origin, theirs) is { } merged)
        {
            _merged.Add(path);
            return new Step(path, to! with { SizeBytes = merged.Length, Sha256 = Digest.Of(merged) }, merged, IsThere: false, null);
        }

        return new Step(path, to, null, IsThere: false, $"{path} has moved on and cannot be merged");
    }

    private static bool IsText(byte[] content) => !content.AsSpan().Contains((byte)0);

    private static Step Lost(string path) => new(path, null, null, IsThere: false, $"the ledger does not hold the content of {path}");

    private byte[]? Content(FileVersion version) => version.Kind == EntryKind.Special ? null : blob(version.Sha256) is { } bytes && Digest.Of(bytes) == version.Sha256 ? bytes : null;

    private void Take(Step step)
    {
        if (step.IsThere)
        {
            // An attempt before may have died between writing beside it and putting it in its place.
            _ = Libc.Unlink(Temporary(step.Path));
            return;
        }

        var was = TreeEntry.Read(tree, step.Path)?.Version;
        _undo.Add((step.Path, was, was is null ? null : TreeEntry.Bytes(tree, step.Path, was.Kind, was.SizeBytes)));
        Put(step.Path, step.To, step.Content);
    }

    private void Put(string path, FileVersion? version, byte[]? content)
    {
        var full = RootedPath.Resolve(tree, path);
        if (version is null)
        {
            if (Libc.Unlink(full) != 0) throw new IOException($"{path}: {Libc.LastError()}");
            RemoveEmptyFolders(Path.GetDirectoryName(full)!);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = Temporary(path);
        _ = Libc.Unlink(temporary);
        if (version.Kind == EntryKind.Link)
        {
            Check(Libc.SymLink(Encoding.UTF8.GetString(content!), temporary), path);
        }
        else
        {
            File.WriteAllBytes(temporary, content!);
            Check(Libc.ChMod(temporary, (uint)version.Mode), path);
            DurableFile.Sync(temporary);
        }

        Check(Libc.Rename(temporary, full), path);
    }

    private static void Check(int result, string path)
    {
        if (result != 0) throw new IOException($"{path}: {Libc.LastError()}");
    }

    /// <summary>Beside the file, and the same for every attempt, so that a later one finds what an earlier one left.</summary>
    private string Temporary(string path) => Path.Combine(RootedPath.Parent(tree, path), $".assay-{Digest.Of($"{path}\n{changes.DiffSha256}").Short(16)}.tmp");

    private void RemoveEmptyFolders(string folder)
    {
        for (; folder.Length > tree.Length && !Directory.EnumerateFileSystemEntries(folder).Any(); folder = Path.GetDirectoryName(folder)!) Directory.Delete(folder);
    }

    /// <summary>
    /// Puts back what was there, the last first. Returns why the first that could not be put back is not; null when all is as it was.
    /// </summary>
    private string? Undo()
    {
        string? left = null;
        for (var i = _undo.Count - 1; i >= 0; i--)
        {
            var (path, was, content) = _undo[i];
            try
            {
                _ = Libc.Unlink(Temporary(path));
                if (TreeEntry.Read(tree, path)?.Version != was) Put(path, was, content);
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
