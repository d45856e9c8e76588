using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>Where a run stands.</summary>
internal enum DossierPhase
{
    /// <summary>No event yet. Left by <see cref="DossierDeclared"/>.</summary>
    None,

    /// <summary>
    /// The run component runs, or its dossier is being collected. Left by <see cref="DossierFinished"/>, <see cref="DossierFailed"/> and <see
    /// cref="DossierCancelRequested"/>.
    /// </summary>
    Running,

    /// <summary>What is under way is being ended. Left by <see cref="DossierFailed"/>.</summary>
    Cancelling,

    /// <summary>There is a dossier. Never left.</summary>
    Completed,

    /// <summary>There is none. Left by <see cref="DossierDeclared"/>, when it is asked for again.</summary>
    Failed,
}

/// <summary>A run, folded from its events.</summary>
internal sealed record DossierState
{
    public static readonly DossierState Initial = new();

    private readonly DossierDeclared? _declared;

    public DossierPhase Phase { get; init; }

    /// <summary>The latest request.</summary>
    public DossierDeclared Declared
    {
        get => _declared ?? throw new InvalidOperationException("the run has not been declared");
        init => _declared = value;
    }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset LastAt { get; init; }

    /// <summary>The process that passed, whose output is being collected.</summary>
    public ProcessOutcome? Passed { get; init; }

    public ImmutableArray<DossierFile> Files { get; init; } = [];

    /// <summary>The summary without hold-outs; null where there are none.</summary>
    public DossierFile? OpenSummary { get; init; }

    public DossierFailed? Failure { get; init; }

    /// <summary>Used since the latest request.</summary>
    public Usd Cost { get; init; }

    public long DurationMs { get; init; }

    /// <summary>What its last process tried to reach; null where that was not watched.</summary>
    public Egress? Egress { get; init; }

    /// <summary>What its last process wrote to its standard error; null when none came to its end since the latest request.</summary>
    public Captured? Stderr { get; init; }

    /// <summary>How it stands, as it is shown.</summary>
    public string Status => Failure is { } failure ? WireName<DossierEnd>.Of(failure.Status)
        : Phase == DossierPhase.Completed ? WireName<DossierEnd>.Of(DossierEnd.Completed)
        : "RUNNING";

    public DossierManifest Manifest => DossierManifest.Of(Declared, Files);

    public DossierState Evolve(RecordedEvent recorded)
    {
        var next = this with { LastAt = recorded.At };
        return recorded.Body switch
        {
            DossierDeclared declared => next with
            {
                Phase = DossierPhase.Running,
                Declared = declared,
                StartedAt = recorded.At,
                Failure = null,
                Passed = null,
                OpenSummary = null,
                Cost = default,
                DurationMs = 0,
                Egress = null,
                Stderr = null,
            },
            EffectFinished { Outcome: ProcessOutcome run } => next with
            {
                Passed = run is { ExitCode: 0, Signal: null, KillReason: null, NoEnd: null } ? run : null,
                Cost = Cost + (run.Cost ?? default),
                DurationMs = DurationMs + run.DurationMs,
                Egress = run.Egress,
                Stderr = run.Stderr,
            },
            EffectInterrupted => next with { DurationMs = DurationMs + (long)(recorded.At - LastAt).TotalMilliseconds },
            EffectEvent => next,
            DossierCancelRequested => next with { Phase = DossierPhase.Cancelling },
            DossierFailed failed => next with { Phase = DossierPhase.Failed, Failure = failed, Passed = null },
            DossierJudged judged => next with { OpenSummary = judged.Summary },
            DossierFinished finished => next with { Phase = DossierPhase.Completed, Files = finished.Files },
            _ => throw new InvalidOperationException($"a run records no {recorded.Body.GetType().Name}"),
        };
    }
}
