using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Cli.Output;

/// <summary>What a run tried to reach, in the words of one line.</summary>
internal static class EgressWords
{
    private const int MostNamed = 3;

    /// <summary>A crucible's line.</summary>
    public static string Of(CrucibleNetwork network)
    {
        var limit = network.EndedAtItsLimit ? $"ended at {WireName<KillReason>.Of(KillReason.NetworkLimit)}" : "network";
        return $"{network.CrucibleId}: {limit}{Of(network.Egress.Attempts, network.Egress.Unlisted)}";
    }

    /// <summary>Begins with its separator; empty when nothing was tried.</summary>
    public static string Of(ImmutableArray<EgressAttempt>? attempts, long? unlisted)
    {
        var all = attempts ?? [];
        var parts = new[] { Part("reached", EgressVerdict.Allowed), Part("refused", EgressVerdict.Refused), Part("no answer from", EgressVerdict.Unreachable) };
        var words = string.Join("; ", parts.OfType<string>());
        if (unlisted > 0) words += $"; {unlisted} attempts more";
        return words.Length == 0 ? "" : $" · {words.TrimStart(';', ' ')}";

        string? Part(string verb, EgressVerdict verdict)
        {
            var places = all.Where(a => a.Verdict == verdict).Select(a => Words.Safe(a.Destination)).Distinct(StringComparer.Ordinal).ToList();
            if (places.Count == 0) return null;
            var more = places.Count > MostNamed ? $" and {places.Count - MostNamed} more" : "";
            return $"{verb} {string.Join(", ", places.Take(MostNamed))}{more}";
        }
    }
}
