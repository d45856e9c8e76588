using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>Where a patch stands (lane document: Tasks, Patch ledger).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PatchState>))]
internal enum PatchState
{
    /// <summary>A task has made it. To validated, quarantined or dropped.</summary>
    [JsonStringEnumMemberName("created")]
    Created,

    /// <summary>It keeps to its task's scope. To applied, apply_failed, quarantined or dropped.</summary>
    [JsonStringEnumMemberName("validated")]
    Validated,

    /// <summary>It is in the untouched copy of the tree. To verified, quarantined or dropped.</summary>
    [JsonStringEnumMemberName("applied")]
    Applied,

    /// <summary>The acceptance tests passed there. To committed, apply_failed or dropped.</summary>
    [JsonStringEnumMemberName("verified")]
    Verified,

    /// <summary>It is in the real tree. To rolled_back.</summary>
    [JsonStringEnumMemberName("committed")]
    Committed,

    /// <summary>The tree had moved on. To committed by a person, or dropped.</summary>
    [JsonStringEnumMemberName("apply_failed")]
    ApplyFailed,

    /// <summary>A person took it out of the real tree. To committed again, or dropped.</summary>
    [JsonStringEnumMemberName("rolled_back")]
    RolledBack,

    /// <summary>It broke a rule or failed its tests, and never comes into the real tree. The end.</summary>
    [JsonStringEnumMemberName("quarantined")]
    Quarantined,

    /// <summary>Its attempt failed or was cancelled. The end.</summary>
    [JsonStringEnumMemberName("dropped")]
    Dropped,
}

/// <summary>Which moves a patch can make.</summary>
internal static class PatchMoves
{
    private static readonly Dictionary<PatchState, PatchState[]> To = new()
    {
        [PatchState.Created] = [PatchState.Validated, PatchState.Quarantined, PatchState.Dropped],
        [PatchState.Validated] = [PatchState.Applied, PatchState.ApplyFailed, PatchState.Quarantined, PatchState.Dropped],
        [PatchState.Applied] = [PatchState.Verified, PatchState.Quarantined, PatchState.Dropped],
        [PatchState.Verified] = [PatchState.Committed, PatchState.ApplyFailed, PatchState.Dropped],
        [PatchState.Committed] = [PatchState.RolledBack],
        [PatchState.ApplyFailed] = [PatchState.Committed, PatchState.Dropped],
        [PatchState.RolledBack] = [PatchState.Committed, PatchState.Dropped],
        [PatchState.Quarantined] = [],
        [PatchState.Dropped] = [],
    };

    public static bool CanMove(PatchState from, PatchState to) => To[from].Contains(to);
}

/// <summary>A change that a task made.</summary>
internal sealed record PatchDeclaration
{
    /// <summary>The beginning of the digest of the diff.</summary>
    public required string PatchId { get; init; }

    public required Digest DiffSha256 { get; init; }

    public required long DiffBytes { get; init; }

    /// <summary>The change set, from which it is applied.</summary>
    public required Digest ChangesSha256 { get; init; }

    public required Digest BaseTreeSha256 { get; init; }

    public required string RunId { get; init; }

    public required string TaskId { get; init; }

    public required int Attempt { get; init; }

    /// <summary>Absolute path of the real tree.</summary>
    public required string WorkingTree { get; init; }

    public required int FileCount { get; init; }

    /// <summary>The first of its files, so many as fit an event.</summary>
    public required ImmutableArray<string> Files { get; init; }

    public required long Added { get; init; }

    public required long Removed { get; init; }
}
