using System.Collections.Immutable;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Shared;

/// <summary>What a document grants, as it says it.</summary>
internal readonly record struct GrantKeys(ImmutableArray<string> Reads, ImmutableArray<string> Hides, ImmutableArray<string> Hosts, OpenNetwork? Network)
{
    /// <summary>Its cap on what passes, which means something only with hosts.</summary>
    public long? NetworkMaxBytes { get; init; }
}
