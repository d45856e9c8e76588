using System.Collections.Immutable;

namespace Assay.Lanes.Epochs;

/// <summary>Records what was touched in parts that each fit an event.</summary>
internal static class CoverageRule
{
    /// <summary>Entries of at most 160 characters a part, so that a part stays far below an event's limit.</summary>
    private const int EntriesPerPart = 64;

    public static IEnumerable<CrucibleCovered> Split(string crucibleId, Observed observed)
    {
        var entries = observed.Domains.Select(d => new Observed { Domains = [d] })
            .Concat(observed.Subdomains.Select(s => new Observed { Subdomains = [s] }))
            .Concat(observed.Tools.Select(t => new Observed { Tools = [t] }))
            .Concat(observed.Counts.Select(c => new Observed { Counts = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal).Add(c.Key, c.Value) }))
            .ToList();
        if (entries.Count == 0) return [new CrucibleCovered(crucibleId, new Observed())];
        return entries.Chunk(EntriesPerPart).Select(part => new CrucibleCovered(crucibleId, part.Aggregate((all, one) => all.Union(one))));
    }
}
