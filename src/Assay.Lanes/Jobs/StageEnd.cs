using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>How one attempt at a stage ended.</summary>
public enum StageEnd
{
    /// <summary>The component did its work; whether what it left is of use is another matter.</summary>
    [JsonStringEnumMemberName("finished")]
    Finished,

    /// <summary>The component, or the run.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Lost with its engine, or ended with it.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,

    /// <summary>The run's dossier is complete.</summary>
    [JsonStringEnumMemberName("completed")]
    Completed,

    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

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
        AnswerOutcome { Answer: RunAnswer run } => Of(run.End),
        AnswerOutcome { Answer: TrialAnswer } => StageEnd.Logged,
        AnswerOutcome { Answer: SubmitAnswer } => StageEnd.Submitted,
        AnswerOutcome => StageEnd.Refused,
        _ => throw new InvalidOperationException($"a job asks for nothing that ends with {outcome}"),
    };

    /// <summary>Whether a process came to a good end of its own, with the inputs that were declared.</summary>
    public static bool IsWell(ProcessOutcome run) => ProcessEnding.Of(run) is ProcessEnding.Exited { Code: 0 };

    private static StageEnd Of(RunEnd end) => end switch
    {
        RunEnd.Completed => StageEnd.Completed,
        RunEnd.Failed => StageEnd.Failed,
        RunEnd.StoppedBudget => StageEnd.StoppedBudget,
        RunEnd.Cancelled => StageEnd.Cancelled,
        _ => throw new InvalidOperationException($"unknown end {end}"),
    };
}
