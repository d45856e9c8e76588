using System.Text.Json.Serialization;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Jobs;

/// <summary>How one attempt at a stage ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StageEnd>))]
public enum StageEnd
{
    /// <summary>The component did its work; whether what it left is of use is another matter.</summary>
    [JsonStringEnumMemberName("finished")]
    Finished,

    /// <summary>The component did not do its work, or the run came to no dossier.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Lost with its engine, or ended with it.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,

    /// <summary>The run's dossier is complete.</summary>
    [JsonStringEnumMemberName("completed")]
    Completed,

    /// <summary>Somebody ended the run.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>What the job had left of its budget was used up while the run went on.</summary>
    [JsonStringEnumMemberName("stopped_budget")]
    StoppedBudget,

    /// <summary>The trial is in the registry's log.</summary>
    [JsonStringEnumMemberName("logged")]
    Logged,

    /// <summary>The child is a job.</summary>
    [JsonStringEnumMemberName("submitted")]
    Submitted,

    /// <summary>The stream that was asked did not do it.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,
}

/// <summary>Reads the end of a stage from its outcome.</summary>
internal static class StageEnds
{
    public static StageEnd Of(EffectOutcome outcome) => outcome switch
    {
        ProcessOutcome run => IsWell(run) ? StageEnd.Finished : StageEnd.Failed,
        AnswerOutcome { Answer: DossierAnswer run } => Of(run.End),
        AnswerOutcome { Answer: TrialAnswer } => StageEnd.Logged,
        AnswerOutcome { Answer: SubmitAnswer } => StageEnd.Submitted,
        AnswerOutcome => StageEnd.Refused,
        _ => throw new InvalidOperationException($"a job asks for nothing that ends with {outcome}"),
    };

    /// <summary>Whether a process did its work, as its stage is judged.</summary>
    public static bool IsWell(ProcessOutcome run) => StageJudge.ProcessProblem(run) is null;

    private static StageEnd Of(DossierEnd end) => end switch
    {
        DossierEnd.Completed => StageEnd.Completed,
        DossierEnd.Failed => StageEnd.Failed,
        DossierEnd.StoppedBudget => StageEnd.StoppedBudget,
        DossierEnd.Cancelled => StageEnd.Cancelled,
        _ => throw new InvalidOperationException($"unknown end {end}"),
    };
}
