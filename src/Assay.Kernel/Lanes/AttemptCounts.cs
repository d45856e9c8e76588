using System.Collections.Immutable;

namespace Assay.Kernel.Lanes;

/// <summary>
/// How often each effect of a stream was tried. There is one for every effect that ever was, so those that come from a kept fold stay the
/// sorted list that they were written as.
/// </summary>
internal sealed class AttemptCounts
{
    public static readonly AttemptCounts None = new([], [], ImmutableDictionary.Create<string, int>(StringComparer.Ordinal));

    private readonly string[] _keptIds;
    private readonly int[] _keptCounts;
    private readonly ImmutableDictionary<string, int> _since;

    private AttemptCounts(string[] keptIds, int[] keptCounts, ImmutableDictionary<string, int> since) =>
        (_keptIds, _keptCounts, _since) = (keptIds, keptCounts, since);

    /// <summary>The attempts at an effect; 0: none.</summary>
    public int this[string effectId]
    {
        get
        {
            if (_since.TryGetValue(effectId, out var count)) return count;
            var place = Array.BinarySearch(_keptIds, effectId, StringComparer.Ordinal);
            return place < 0 ? 0 : _keptCounts[place];
        }
    }

    /// <summary>Those of a kept fold.</summary>
    /// <param name="ids">Sorted by their characters.</param>
    /// <param name="counts">As many.</param>
    public static AttemptCounts Kept(string[] ids, int[] counts) => new(ids, counts, None._since);

    public AttemptCounts With(string effectId, int attempts) => new(_keptIds, _keptCounts, _since.SetItem(effectId, attempts));

    /// <summary>All of them, sorted by the characters of their ids.</summary>
    public (string[] Ids, int[] Counts) Sorted()
    {
        var ids = _keptIds.Where(id => !_since.ContainsKey(id)).Concat(_since.Keys).ToArray();
        Array.Sort(ids, StringComparer.Ordinal);
        return (ids, [.. ids.Select(id => this[id])]);
    }
}
