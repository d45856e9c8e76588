using System.Collections.Immutable;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Engine.Performers;

/// <summary>Performs one kind of effect.</summary>
internal interface IEffectPerformer
{
    /// <summary>
    /// Performs an attempt to its end. A failure of the work is an outcome; an exception is recorded as one (<see
    /// cref="Kernel.Effects.Effect.Failed"/>), but for a <see cref="Ledger.LedgerException"/>, after which the stream cannot go on.
    /// </summary>
    Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel);
}

/// <summary>Performs effects that may have acted when they are lost, each under a marker (<see cref="LossPolicy.Ask"/>).</summary>
internal interface IMarkedPerformer : IEffectPerformer
{
    /// <summary>Finds out what became of an attempt that another engine started, and ends what it left running.</summary>
    Reconciliation Reconcile(Attempt attempt, bool sameBoot);
}

/// <summary>One attempt at an effect.</summary>
/// <param name="Stream">Whose effect it is.</param>
/// <param name="Effect">What to do.</param>
/// <param name="Number">1 for the first try.</param>
/// <param name="Progress">Takes how far it is; not recorded.</param>
/// <param name="MarkerHeld">The marker was created by this engine while reconciling.</param>
internal sealed record Attempt(StreamName Stream, Effect Effect, int Number, Action<object> Progress, bool MarkerHeld = false)
{
    public AttemptKey Key => new(Stream, Effect.Id, Number);
}

/// <summary>What came of an attempt, with what the lane wants to see and what must become durable with it.</summary>
internal sealed record EffectResult(EffectOutcome Outcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Evidence, IReadOnlyList<Blob> Blobs);

/// <summary>What became of an attempt whose engine died.</summary>
internal abstract record Reconciliation
{
    private Reconciliation()
    {
    }

    /// <summary>It is certain that nothing was started: it is simply performed, under the marker that proves it.</summary>
    public sealed record NotStarted : Reconciliation
    {
        public static readonly NotStarted Instance = new();
    }

    /// <summary>It may have begun, and its outcome is not known. What it left running has been ended.</summary>
    public sealed record Interrupted(string Reason, ImmutableArray<Captured> Partial) : Reconciliation
    {
        /// <summary>The most that it can have cost; null: nothing tells.</summary>
        public Usd? CostAtMost { get; init; }
    }
}
