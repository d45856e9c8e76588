using System.Collections.Immutable;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="ApplyChanges"/>. An attempt that was lost is taken back and made again.</summary>
internal sealed class ApplyPerformer(Workspace workspace) : IEffectPerformer
{
    /// <summary>Where it is noted what was begun.</summary>
    private const string Folder = "applying";

    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) => Task.Run(() => PerformAsync((ApplyChanges)attempt.Effect), CancellationToken.None);

    private async Task<EffectResult> PerformAsync(ApplyChanges effect)
    {
        var target = Path.Combine(workspace.Root, effect.Target);
        if (effect.IsProject) target = HostPath.Real(target);
        if (await workspace.Store.ReadBlobAsync(effect.Changes) is not { } bytes)
        {
            return Result(new ApplyOutcome(Applied: false, $"the ledger does not hold the change set {effect.Changes}", []), []);
        }

        var notes = Path.Combine(workspace.Root, Folder);
        var patch = new TreePatch(target, ChangeSet.Read(bytes), effect.Reverse, effect.Merge, workspace.Store.ReadBlobAsync, notes)
        {
            Moved = (top, own) => effect.Tested is { } tested ? Moved(tested, target, top, own) : null,
        };
        var (outcome, blobs) = await patch.ApplyAsync();
        return Result(outcome, blobs);
    }

    private static EffectResult Result(ApplyOutcome outcome, IReadOnlyList<Blob> blobs) =>
        new(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, [.. blobs]);

    /// <summary>
    /// Why a tree is not the one that was tested. By what was noted when it was copied that takes no reading; where that is gone, by the
    /// identity of all that it holds.
    /// </summary>
    private string? Moved(TestedTree tested, string target, FolderHandle top, IReadOnlySet<string> own)
    {
        HashSet<string> exclude = [.. tested.Exclude];
        if (workspace.Root.StartsWith(target + '/', StringComparison.Ordinal)) exclude.Add(workspace.Root[(target.Length + 1)..]);
        using var copies = FolderHandle.Find(Path.Combine(workspace.Root, tested.Folder));
        if (copies is null)
        {
            var isSame = TreeSnapshot.Take(top, exclude: exclude).WithoutSpecial().Sha256() == tested.Sha256;
            return isSame ? null : "the tree is not the one on which the change was tested";
        }

        var before = SnapshotFile.Load(copies, TreeNames.Origin);
        if (before.Sha256() != tested.Sha256) throw new IOException("it is not known any more on which tree the change was tested");
        var changes = before.Changes(top, exclude: exclude);
        List<string> moved = [.. changes.Where(c => !own.Contains(c.Key) && !IsSpecial(before, c.Key, c.Value)).Select(c => c.Key)];
        var ignored = GitRepository.Ignored(target, moved);
        moved.RemoveAll(ignored.Contains);
        var more = moved.Count > 1 ? $" and {moved.Count - 1} more" : "";
        return moved.Count == 0 ? null : $"{moved[0]}{more} changed in the tree since the change was tested";
    }

    /// <summary>A pipe, a socket or a device that was not copied is no content.</summary>
    private static bool IsSpecial(TreeSnapshot before, string path, TreeEntry? now) =>
        now?.Version.Kind == EntryKind.Special && !before.Entries.ContainsKey(path);
}
