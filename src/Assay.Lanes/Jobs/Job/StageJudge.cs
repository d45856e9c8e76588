using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>Why a stage's output is not used. What a component makes longer than an event may be is cut.</summary>
internal sealed record StageProblem
{
    private const int MaxLength = 2_000;

    public StageProblem(RefusalKind kind, string message, string? pointer = null) =>
        (Kind, Message, Pointer) =
        (kind, BoundedText.Cut(message, MaxLength), pointer is null ? null : BoundedText.Cut(pointer, MaxLength));

    /// <summary>Which refusal it is.</summary>
    public RefusalKind Kind { get; }

    /// <summary>What happened, for a person.</summary>
    public string Message { get; }

    /// <summary>Where in the output.</summary>
    public string? Pointer { get; }

    /// <summary>The same as the answer to a person who brought the document.</summary>
    public Refusal ToRefusal() => new(Kind, Message, Pointer);
}

/// <summary>Looks at what a component left before anything of it counts.</summary>
internal static class StageJudge
{
    /// <summary>Why the process itself did not do its work; null when it did.</summary>
    public static StageProblem? ProcessProblem(ProcessOutcome run) => ProcessEnding.Of(run) switch
    {
        // An input that changed may be why it did not start, so here it is named first.
        _ when run.ChangedInputs.Length > 0 => new StageProblem(
            StageRefusals.Changed, $"{string.Join(", ", run.ChangedInputs)}: not what it was when the job was submitted"),
        ProcessEnding.NotStarted ending => new StageProblem(StageRefusals.Start, ending.Why),
        ProcessEnding.NoEnd ending => new StageProblem(StageRefusals.Engine, ending.Why),
        ProcessEnding.MeterUnreadable ending => new StageProblem(StageRefusals.Meter, ending.Why),
        ProcessEnding.Killed ending => new StageProblem(StageRefusals.Killed, $"ended at its cap: {WireName<KillReason>.Of(ending.Reason)}"),
        ProcessEnding.Signalled ending => new StageProblem(StageRefusals.Signal, $"ended by signal {ending.Signal}{Guess(run)}"),
        ProcessEnding.Exited { Code: not 0 } ending =>
            new StageProblem(StageRefusals.ExitCode, $"exit code {ending.Code}{Guess(run)}: see {run.Stderr.File}"),
        ProcessEnding.Exited { LeftRunRoot: false } => new StageProblem(StageRefusals.RunRoot, "the program removed its own folder"),
        ProcessEnding.Exited => null,
        var ending => throw new InvalidOperationException($"unknown ending {ending}"),
    };

    private static string Guess(ProcessOutcome run) => ProcessEnding.Guess(run) is { } guess ? $" ({guess})" : "";

    /// <summary>Reads a document that a component made: strictly, and against its contract.</summary>
    /// <param name="file">As it was collected.</param>
    /// <param name="bytes">Its content; null when it could not be read.</param>
    /// <param name="contract">The contract that it must name and satisfy.</param>
    /// <param name="document">The document, when there is no problem.</param>
    public static StageProblem? DocumentProblem(
        CollectedFile file, ReadOnlyMemory<byte>? bytes, Contract contract, out JsonElement document)
    {
        document = default;
        if (file.Sha256 is null || bytes is not { } content)
        {
            return new StageProblem(StageRefusals.EvidenceMissing, $"{file.Name} {file.Problem ?? "is missing"}");
        }

        var read = InputDocument.Read(content, file.Name, StrictJson.UntrustedDepth);
        var problems = read.IsValid ? contract.Check(read.Value).Problems : read.Problems;
        if (problems.Count > 0)
        {
            return new StageProblem(
                JobRefusals.Contract, $"{file.Name} breaks {contract.Name}: {problems[0].Message} [{problems[0].Rule}]",
                problems[0].Pointer);
        }

        document = read.Value.Root;
        return null;
    }
}
