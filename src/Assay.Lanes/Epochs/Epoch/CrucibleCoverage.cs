using System.Collections.Immutable;
using System.Text.Json;

namespace Assay.Lanes.Epochs;

/// <summary>What a run touched: contract <c>crucible_coverage_v1</c>.</summary>
internal sealed record CrucibleCoverage
{
    public const string Version = "crucible_coverage_v1";

    public required string SchemaVersion { get; init; }

    public required string RunId { get; init; }

    public required string KernelTarget { get; init; }

    public required Observed Observed { get; init; }

    public required ImmutableArray<JsonElement> Sequence { get; init; }
}

internal sealed record Observed
{
    public ImmutableSortedSet<string> Domains { get => field ?? Empty; init => field = value?.WithComparer(StringComparer.Ordinal); }

    public ImmutableSortedSet<string> Subdomains { get => field ?? Empty; init => field = value?.WithComparer(StringComparer.Ordinal); }

    public ImmutableSortedSet<string> Tools { get => field ?? Empty; init => field = value?.WithComparer(StringComparer.Ordinal); }

    public ImmutableSortedDictionary<string, long> Counts { get => field ?? NoCounts; init => field = value?.WithComparers(StringComparer.Ordinal); }

    private static readonly ImmutableSortedSet<string> Empty = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
    private static readonly ImmutableSortedDictionary<string, long> NoCounts = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>What either touched; counts are summed.</summary>
    public Observed Union(Observed other) => new()
    {
        Domains = Domains.Union(other.Domains),
        Subdomains = Subdomains.Union(other.Subdomains),
        Tools = Tools.Union(other.Tools),
        Counts = Counts.SetItems(other.Counts.Select(c => KeyValuePair.Create(c.Key, Counts.GetValueOrDefault(c.Key) + c.Value))),
    };
}
