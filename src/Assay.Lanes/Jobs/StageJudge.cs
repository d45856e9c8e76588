using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>Why a stage's output is not used. What a component makes longer than an event may be is cut.</summary>
public sealed record StageProblem
{
    private const int MaxLength = 2_000;

    public StageProblem(string rule, string message, string? pointer = null) =>
        (Rule, Message, Pointer) = (rule, BoundedText.Cut(message, MaxLength), pointer is null ? null : BoundedText.Cut(pointer, MaxLength));

    /// <summary>The rule's short name.</summary>
    public string Rule { get; }

    /// <summary>What happened, for a person.</summary>
    public string Message { get; }

    /// <summary>Where in the output.</summary>
    public string? Pointer { get; }

    /// <summary>Message and place in one line.</summary>
    public string Text => Pointer is { Length: > 0 } ? $"{Message} (at {Pointer})" : Message;
}

/// <summary>Looks at what a component left before anything of it counts.</summary>
public static class StageJudge
{
    /// <summary>Why the process itself did not do its work; null when it did.</summary>
    public static StageProblem? ProcessProblem(ProcessOutcome run)
    {
        if (run.ChangedInputs.Length > 0)
        {
            return new StageProblem("changed", $"{string.Join(", ", run.ChangedInputs)}: not what it was when the job was submitted");
        }

        if (run.StartError is { } error) return new StageProblem("start", error);
        if (run.NoEnd is { } noEnd) return new StageProblem("engine", noEnd);
        if (run.MeterProblem is { } meter) return new StageProblem("meter", meter);
        if (run.KillReason is { } reason) return new StageProblem("killed", $"ended at its cap: {WireName<KillReason>.Of(reason)}");
        if (run.Signal is { } signal) return new StageProblem("signal", $"ended by signal {signal}");
        if (run.ExitCode is not 0) return new StageProblem("exit_code", $"exit code {run.ExitCode}: see {run.Stderr.File}");
        return run.RunRootPresent ? null : new StageProblem("run_root", "the program removed its own folder");
    }

    /// <summary>Reads a document that a component made: strictly, and against its contract.</summary>
    /// <param name="file">As it was collected.</param>
    /// <param name="bytes">Its content; null when it could not be read.</param>
    /// <param name="contract">The contract that it must name and satisfy.</param>
    /// <param name="document">The document, when there is no problem.</param>
    public static StageProblem? DocumentProblem(CollectedFile file, ReadOnlyMemory<byte>? bytes, string contract, out JsonElement document)
    {
        document = default;
        if (file.Sha256 is null || bytes is not { } content) return new StageProblem("evidence_missing", $"{file.Name} {file.Problem ?? "is missing"}");
        var read = InputDocument.Read(content, file.Name);
        var problems = read.IsValid ? ContractCatalog.Check(read.Value, contract).Problems : read.Problems;
        if (problems.Count > 0)
        {
            return new StageProblem("contract", $"{file.Name} breaks {contract}: {problems[0].Message} [{problems[0].Rule}]", problems[0].Pointer);
        }

        document = read.Value.Root;
        return null;
    }
}
