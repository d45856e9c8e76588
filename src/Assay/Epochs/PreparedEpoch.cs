using System.Collections.Immutable;
using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>A plan with everything it names, read once and checked. What runs is what was read, whatever happens to the files afterwards.</summary>
public sealed class PreparedEpoch
{
    internal PreparedEpoch(string planPath, EpochOptions options, EpochDeclared epoch, ImmutableArray<CrucibleDeclared> crucibles)
    {
        (PlanPath, Options, Epoch, Crucibles) = (planPath, options, epoch, crucibles);
    }

    /// <summary>The plan's path as the user gave it.</summary>
    public string PlanPath { get; }

    /// <summary>How it is to be run.</summary>
    public EpochOptions Options { get; }

    internal EpochDeclared Epoch { get; }

    internal ImmutableArray<CrucibleDeclared> Crucibles { get; }

    /// <summary>The same as an attempt at a rung of a ladder, which goes on where it was interrupted.</summary>
    internal PreparedEpoch Attempt(string ladderId, string epochId) => new(
        PlanPath, Options with { Resume = true, AutoBump = false },
        Epoch with { EpochId = epochId, PlanFile = null, LadderId = ladderId }, Crucibles);
}
