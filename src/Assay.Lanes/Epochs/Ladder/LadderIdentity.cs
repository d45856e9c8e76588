using System.Collections.Immutable;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>
/// The identity of a rung: its plan and crucibles, and of each crucible the run, which covers program, inputs, caps and variables. The mode
/// is part of it, since a shadow epoch reaches nothing.
/// </summary>
/// <param name="Mode">How its epochs run.</param>
/// <param name="EpochHash">The plan and every crucible.</param>
/// <param name="Runs">The full identity of each run, by crucible id.</param>
internal sealed record RungIdentityDocument(EpochMode Mode, Digest EpochHash, ImmutableSortedDictionary<string, Digest> Runs)
{
    public static Digest Of(EpochDeclared epoch, IEnumerable<CrucibleDeclared> crucibles)
    {
        var runs = crucibles.ToImmutableSortedDictionary(c => c.CrucibleId, c => c.RunSha256, StringComparer.Ordinal);
        var rung = new RungIdentityDocument(epoch.Mode, epoch.EpochHash, runs);
        return Digest.Of(CanonicalJson.Serialize(rung, EpochJson.Default.RungIdentityDocument));
    }
}

/// <summary>The identity of a ladder: its document, and what each rung is.</summary>
internal sealed record LadderIdentityDocument(Digest LadderSha256, ImmutableArray<Digest> Rungs)
{
    public Digest Sha256() => Digest.Of(CanonicalJson.Serialize(this, EpochJson.Default.LadderIdentityDocument));

    /// <summary>What is not what it was when the ladder was started, or null.</summary>
    public static string? Changed(LadderDeclared was, LadderDeclared now)
    {
        if (now.LadderSha256 != was.LadderSha256) return "its document";
        for (var i = 0; i < was.Rungs.Length; i++)
        {
            if (now.Rungs[i].Plan != was.Rungs[i].Plan) return $"the place of {was.Rungs[i].Plan}";
            if (was.RungHashes is { } known && now.RungHashes?[i] != known[i])
            {
                return $"the plan of rung {i + 1}, one of its crucibles, a program, an input, a variable or the mode";
            }
        }

        return null;
    }
}
