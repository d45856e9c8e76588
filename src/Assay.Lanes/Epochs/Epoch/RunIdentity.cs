using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>
/// The identity of a run, known before it starts: SHA-256 over the canonical form of everything that decides what it does. Time and host
/// are not in it (lane document: Epochs, Identity; ruling 12).
/// </summary>
internal sealed record RunIdentityDocument
{
    public required string KernelTarget { get; init; }

    public required Digest CrucibleSpecSha256 { get; init; }

    public required Digest PromptSha256 { get; init; }

    /// <summary>Digests of the input files by the names the crucible gives them.</summary>
    public required ImmutableSortedDictionary<string, Digest> Inputs { get; init; }

    public required long Seed { get; init; }

    /// <summary>The caps in force.</summary>
    public required ProcessCaps Budgets { get; init; }

    public required RunnerTemplate Template { get; init; }

    public required ImmutableArray<string> Args { get; init; }

    /// <summary>The command that was run in place of the crucible's own.</summary>
    public ImmutableArray<string>? CommandOverride { get; init; }

    /// <summary>The program's content, when it lies in the plan's folder.</summary>
    public Digest? ProgramSha256 { get; init; }

    /// <summary>Digests of the values of the variables that the plan lists; null for one that is not set.</summary>
    public required ImmutableSortedDictionary<string, Digest?> Env { get; init; }

    public Digest Sha256() => Digest.Of(CanonicalJson.Serialize(this, EpochJson.Default.RunIdentityDocument));
}

/// <summary>The identity of an epoch: the plan and every crucible's content.</summary>
internal sealed record EpochIdentityDocument(Digest PlanSha256, ImmutableSortedDictionary<string, Digest> Crucibles)
{
    public Digest Sha256() => Digest.Of(CanonicalJson.Serialize(this, EpochJson.Default.EpochIdentityDocument));
}
