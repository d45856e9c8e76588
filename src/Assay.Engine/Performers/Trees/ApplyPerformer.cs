using System.Collections.Immutable;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="ApplyChanges"/>. An attempt that was lost is made again, and goes on where it stopped.</summary>
internal sealed class ApplyPerformer(Workspace workspace) : IEffectPerformer
{
    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) => Task.Run(() => PerformAsync((ApplyChanges)attempt.Effect), CancellationToken.None);

    private async Task<EffectResult> PerformAsync(ApplyChanges effect)
    {
        var target = Path.Combine(workspace.Root, effect.Target);
        if (effect.IsProject) target = HostPath.Real(target);
        var outcome = await workspace.Store.ReadBlobAsync(effect.Changes) is { } bytes
            ? await new TreePatch(target, ChangeSet.Read(bytes), effect.Reverse, effect.Merge, workspace.Store.ReadBlobAsync).ApplyAsync()
            : new ApplyOutcome(Applied: false, $"the ledger does not hold the change set {effect.Changes}", []);
        return new EffectResult(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }
}
