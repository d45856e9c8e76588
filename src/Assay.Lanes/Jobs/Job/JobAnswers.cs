using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>How a run ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DossierEnd>))]
internal enum DossierEnd
{
    [JsonStringEnumMemberName("COMPLETED")]
    Completed,

    [JsonStringEnumMemberName("FAILED")]
    Failed,

    /// <summary>What the job had left of its budget was used up.</summary>
    [JsonStringEnumMemberName("STOPPED_BUDGET")]
    StoppedBudget,

    [JsonStringEnumMemberName("CANCELLED")]
    Cancelled,
}

/// <summary>
/// What a run that has ended answers to <see cref="DeclareDossier"/>; its document is the dossier's manifest, if there is one.
/// </summary>
/// <param name="End">How it ended.</param>
/// <param name="Rule">Why there is no dossier; for a budget the limit's name.</param>
/// <param name="Message">The same for a person.</param>
/// <param name="IsOwn">Whether the job that asks is the one that it ran for; what it used is then that job's.</param>
/// <param name="Cost">What it spent.</param>
/// <param name="DurationMs">How long it took.</param>
internal sealed record DossierAnswer(
    DossierEnd End, string? Rule, string? Message, bool IsOwn, [property: JsonPropertyName("cost_micro_usd")] Usd Cost, long DurationMs)
    : StreamAnswer
{
    /// <summary>The summary without hold-outs; null where there are none, or the run was made before there was one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DossierFile? OpenSummary { get; init; }

    /// <summary>What its program tried to reach; null where that was not watched, or it ran for another job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Egress? Egress { get; init; }
}

/// <summary>What the registry answers to <see cref="LogTrial"/>.</summary>
/// <param name="Trial">The number of the job's trial.</param>
internal sealed record TrialAnswer(long Trial) : StreamAnswer;

/// <summary>What a job answers to <see cref="SubmitJob"/>.</summary>
/// <param name="Phase">Where it stands.</param>
internal sealed record SubmitAnswer(JobPhase Phase) : StreamAnswer;
