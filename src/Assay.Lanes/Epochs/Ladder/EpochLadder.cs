using System.Collections.Immutable;

namespace Assay.Lanes.Epochs;

/// <summary>Plans that must reach their verdicts one after the other: contract <c>epoch_ladder_v1</c>.</summary>
internal sealed record EpochLadder
{
    public const string Version = "epoch_ladder_v1";

    public required string SchemaVersion { get; init; }

    public required string LadderId { get; init; }

    public required ImmutableArray<LadderRung> Rungs { get; init; }
}

/// <summary>One rung.</summary>
/// <param name="Plan">The plan's path, relative to the ladder's folder.</param>
/// <param name="RequiredVerdict">PASS, OPERATIONAL or COMPLETE.</param>
/// <param name="Attempts">How often an autonomous escalation may try it.</param>
internal sealed record LadderRung(string Plan, EpochVerdict RequiredVerdict, int Attempts = 1);
