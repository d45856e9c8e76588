using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;

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
    public static StageProblem? ProcessProblem(ProcessOutcome run)
    {
        if (run.ChangedInputs.Length > 0)
        {
            return new StageProblem(
                StageRefusals.Changed, $"{string.Join(", ", run.ChangedInputs)}: not what it was when the job was submitted");
        }

        if (run.StartError is { } error) return new StageProblem(StageRefusals.Start, error);
        if (run.NoEnd is { } noEnd) return new StageProblem(StageRefusals.Engine, noEnd);
        if (run.MeterProblem is { } meter) return new StageProblem(StageRefusals.Meter, meter);
        if (run.KillReason is { } reason) return new StageProblem(StageRefusals.Killed, $"ended at its cap: {KillWord(reason)}");
        if (run.Signal is { } signal) return new StageProblem(StageRefusals.Signal, $"ended by signal {signal}");
        if (run.ExitCode is not 0) return new StageProblem(StageRefusals.ExitCode, $"exit code {run.ExitCode}: see {run.Stderr.File}");
        return run.RunRootPresent ? null : new StageProblem(StageRefusals.RunRoot, "the program removed its own folder");
    }

    /// <summary>Reads a document that a component made: strictly, and against its contract.</summary>
    /// <param name="file">As it was collected.</param>
    /// <param name="bytes">Its content; null when it could not be read.</param>
    /// <param name="contract">The contract that it must name and satisfy.</param>
    /// <param name="document">The document, when there is no problem.</param>
    public static StageProblem? DocumentProblem(CollectedFile file, ReadOnlyMemory<byte>? bytes, string contract, out JsonElement document)
    {
        document = default;
        if (file.Sha256 is null || bytes is not { } content)
        {
            return new StageProblem(StageRefusals.EvidenceMissing, $"{file.Name} {file.Problem ?? "is missing"}");
        }

        var read = InputDocument.Read(content, file.Name);
        var problems = read.IsValid ? ContractCatalog.Check(read.Value, contract).Problems : read.Problems;
        if (problems.Count > 0)
        {
            return new StageProblem(
                JobRefusals.Contract, $"{file.Name} breaks {contract}: {problems[0].Message} [{problems[0].Rule}]", problems[0].Pointer);
        }

        document = read.Value.Root;
        return null;
    }

    private static string KillWord(KillReason reason) => JsonSerializer.SerializeToElement(reason, JobWordsJson.Default.KillReason).GetString()!;
}

[System.Text.Json.Serialization.JsonSerializable(typeof(KillReason))]
internal sealed partial class JobWordsJson : System.Text.Json.Serialization.JsonSerializerContext;
