using System.Collections.Immutable;
using System.Text;
using Assay.Engine.Performers.Files;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="CopyTree"/>. An attempt that was lost leaves a folder that nobody uses, and is simply made again.</summary>
internal sealed class CopyPerformer(Workspace workspace) : IEffectPerformer
{
    /// <summary>Longer than a tick of the clock that stamps files, so that whatever is changed later has another stamp.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromMilliseconds(12);

    /// <summary>So many files are read faster than a tick of the clock takes.</summary>
    private const int SmallTree = 200;

    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) => Task.Run(() => Perform((CopyTree)attempt.Effect, cancel), CancellationToken.None);

    private EffectResult Perform(CopyTree effect, CancellationToken cancel)
    {
        var folder = FreshPath.CreateFolder(workspace.Root, effect.To);
        CopyOutcome outcome;
        try
        {
            outcome = Copy(effect, folder, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            outcome = Failed(folder, e.Message);
        }
        catch (OperationCanceledException)
        {
            outcome = Failed(folder, "it was cancelled");
        }

        return new EffectResult(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    /// <summary>What was copied goes at once: when the disk is full, the outcome itself needs room.</summary>
    private CopyOutcome Failed(string folder, string problem)
    {
        try
        {
            using var top = FolderHandle.Open(workspace.Root);
            FolderRemoval.Remove(top, folder, WalkBounds.OfTree);
        }
        catch (IOException)
        {
            // It goes with the other copies of the attempt.
        }

        return new CopyOutcome(folder, default, 0, problem);
    }

    private CopyOutcome Copy(CopyTree effect, string folder, CancellationToken cancel)
    {
        var from = Path.GetFullPath(effect.From).TrimEnd('/');
        if (effect.IsProject) from = HostPath.Real(from);
        using var origin = FolderHandle.Find(from) ?? throw new IOException($"{from} is no folder");
        var at = Path.Combine(workspace.Root, folder);
        var (keptPath, workPath) = (Path.Combine(at, CopyOutcome.BaseName), Path.Combine(at, CopyOutcome.WorkName));
        if (GitRepository.Is(from))
        {
            GitRepository.Clone(from, keptPath);
            GitRepository.Clone(from, workPath);
        }

        HashSet<string> exclude = [.. effect.Exclude];
        if (workspace.Root.StartsWith(from + '/', StringComparison.Ordinal)) exclude.Add(workspace.Root[(from.Length + 1)..]);
        using var place = FolderHandle.Open(at);
        using var kept = place.MakeFolder(CopyOutcome.BaseName);
        using var work = place.MakeFolder(CopyOutcome.WorkName);
        var begun = (DateTimeOffset.UtcNow - ClockTick - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        var stamps = new Dictionary<string, FileStamp>(StringComparer.Ordinal);
        CopyFiles(origin, kept, exclude, (path, found) => stamps.Add(path, found.Stamp), cancel);
        var snapshot = TreeSnapshot.Take(kept, cancel: cancel);
        CopyFiles(kept, work, [], null, cancel);
        var fresh = Rest(snapshot);
        snapshot.ToBeRead(fresh).Save(place, TreeNames.Base);
        snapshot.StampedAt(work).ToBeRead(fresh).Save(place, TreeNames.Work);

        // What was changed in the tick in which it was copied may have been changed again in the same one.
        FileStamp Origin(string path) => stamps.GetValueOrDefault(path) is var stamp && stamp.ChangedNs < begun ? stamp : default;
        snapshot.Stamped((path, _) => Origin(path)).Save(place, TreeNames.Origin);
        return new CopyOutcome(folder, snapshot.Sha256(), snapshot.Entries.Count, null);
    }

    /// <summary>
    /// Which files of a copy that was just made a later look has to read, since they may be changed in this very tick of the clock. When they
    /// are many it is rather waited for the next one.
    /// </summary>
    internal static HashSet<string> Rest(TreeSnapshot snapshot)
    {
        if (snapshot.Entries.Count <= SmallTree) return [.. snapshot.Entries.Keys];
        Thread.Sleep(ClockTick);
        return [];
    }

    /// <summary>Copies the files of a tree, and tells what each was before it was read.</summary>
    internal static void CopyFiles(
        FolderHandle from, FolderHandle to, IReadOnlyCollection<string> exclude, Action<string, FileStat>? told, CancellationToken cancel)
    {
        // By what files say of their sizes, so that nobody copies for hours what takes no room.
        var room = FileSystem.Of($"/proc/self/fd/{to.Descriptor}")?.FreeBytes ?? long.MaxValue;
        foreach (var (path, found) in TreeSnapshot.Walk(from, exclude, cancel: cancel))
        {
            if (found.Kind == FileKind.File && (room -= found.SizeBytes) < 0)
            {
                throw new IOException($"{path}: there is no room for a copy of {found.SizeBytes} bytes");
            }

            told?.Invoke(path, found);
            if (found.Kind == FileKind.Folder) to.MakeFolder(path).Dispose();
            else if (found.Kind == FileKind.File) CopyFile(from, to, path, found.Mode, cancel);
            else if (found.Kind == FileKind.Link) to.WriteLink(path, Encoding.UTF8.GetString(from.ReadLink(path)), replaces: false);

            // A socket, a pipe or a device has no content that could be worked on.
        }
    }

    private static void CopyFile(FolderHandle from, FolderHandle to, string path, int mode, CancellationToken cancel)
    {
        using var source = from.OpenFile(path);
        if (source.Handle is not { } content) throw new IOException($"{path} {source.Problem}");
        using var target = to.Create(path, (uint)mode);
        FileContent.Copy(content, target, (uint)mode, cancel);
    }
}
