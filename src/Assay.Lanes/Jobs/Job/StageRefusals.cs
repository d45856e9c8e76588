using Assay.Kernel.Lanes;

namespace Assay.Lanes.Jobs;

/// <summary>
/// Why what a component left is refused, beside what documents are refused for (<see cref="JobRefusals"/>). It is on record as the rule of
/// <see cref="JobFailed"/> and <see cref="DossierFailed"/>; no person is answered with one.
/// </summary>
internal static class StageRefusals
{
    /// <summary>The program or an input is not what it was.</summary>
    public static readonly RefusalKind Changed = new("changed", RefusalClass.FailClosed);

    /// <summary>The program could not be started.</summary>
    public static readonly RefusalKind Start = new("start", RefusalClass.FailClosed);

    /// <summary>The engine could not bring it to its end.</summary>
    public static readonly RefusalKind Engine = new("engine", RefusalClass.FailClosed);

    /// <summary>What it spent could not be read.</summary>
    public static readonly RefusalKind Meter = new("meter", RefusalClass.FailClosed);

    /// <summary>It was ended at a cap.</summary>
    public static readonly RefusalKind Killed = new("killed", RefusalClass.FailClosed);

    /// <summary>A signal ended it.</summary>
    public static readonly RefusalKind Signal = new("signal", RefusalClass.FailClosed);

    /// <summary>It ended with another exit code than 0.</summary>
    public static readonly RefusalKind ExitCode = new("exit_code", RefusalClass.FailClosed);

    /// <summary>It removed its own folder.</summary>
    public static readonly RefusalKind RunRoot = new("run_root", RefusalClass.FailClosed);

    /// <summary>Its engine died while it ran, and it may not simply be repeated.</summary>
    public static readonly RefusalKind Interrupted = new("interrupted", RefusalClass.FailClosed);

    /// <summary>The run was cancelled.</summary>
    public static readonly RefusalKind Cancelled = new("cancelled", RefusalClass.FailClosed);

    /// <summary>The run that the job asked for left no dossier, and says no rule.</summary>
    public static readonly RefusalKind Run = new("run", RefusalClass.FailClosed);

    /// <summary>Another stream refused what the job asked of it.</summary>
    public static readonly RefusalKind Refused = new("refused", RefusalClass.FailClosed);

    /// <summary>A file that has to be there is missing.</summary>
    public static readonly RefusalKind EvidenceMissing = new("evidence_missing", RefusalClass.FailClosed);

    /// <summary>The card names another run.</summary>
    public static readonly RefusalKind RunId = new("run_id", RefusalClass.FailClosed);

    /// <summary>A gate names no segment of the run.</summary>
    public static readonly RefusalKind Segment = new("segment", RefusalClass.FailClosed);

    /// <summary>A gate stands there twice.</summary>
    public static readonly RefusalKind GateId = new("gate_id", RefusalClass.FailClosed);

    /// <summary>A gate passed that its own figures contradict.</summary>
    public static readonly RefusalKind GateContradiction = new("gate_contradiction", RefusalClass.FailClosed);

    /// <summary>Something of a hold-out was shown.</summary>
    public static readonly RefusalKind HoldoutLeak = new("holdout_leak", RefusalClass.FailClosed);

    /// <summary>The hold-outs were not judged as they must be.</summary>
    public static readonly RefusalKind Holdout = new("holdout", RefusalClass.FailClosed);

    /// <summary>The output folder cannot be listed.</summary>
    public static readonly RefusalKind OutputFolder = new("output_folder", RefusalClass.FailClosed);

    /// <summary>A file of the output cannot be read.</summary>
    public static readonly RefusalKind OutputFile = new("output_file", RefusalClass.FailClosed);

    /// <summary>A file is no part of a dossier with segments.</summary>
    public static readonly RefusalKind UnexpectedFile = new("unexpected_file", RefusalClass.FailClosed);

    /// <summary>The summary is not of the run's segments.</summary>
    public static readonly RefusalKind SegmentsSummary = new("segments_summary", RefusalClass.FailClosed);

    /// <summary>A file of the dossier could not be copied.</summary>
    public static readonly RefusalKind DossierFile = new("dossier_file", RefusalClass.FailClosed);

    /// <summary>The dossier is not what was judged.</summary>
    public static readonly RefusalKind DossierChanged = new("dossier_changed", RefusalClass.FailClosed);

    public static IReadOnlyList<RefusalKind> All { get; } =
    [
        Changed, Start, Engine, Meter, Killed, Signal, ExitCode, RunRoot, Interrupted, Cancelled, Run, Refused, EvidenceMissing, RunId,
        Segment, GateId, GateContradiction, HoldoutLeak, Holdout, OutputFolder, OutputFile, UnexpectedFile, SegmentsSummary, DossierFile,
        DossierChanged,
    ];
}
