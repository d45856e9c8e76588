using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>How an epoch is run.</summary>
public sealed record EpochOptions
{
    /// <summary>Go on with an interrupted or cancelled run of this plan or ladder.</summary>
    public bool Resume { get; init; }

    /// <summary>Where <c>epochs/</c> and <c>c019_runs/</c> are written; null: the workspace.</summary>
    public string? ArtifactsRoot { get; init; }

    /// <summary>Whether epochs lie in the artifacts root directly, and not below its <c>epochs/</c>.</summary>
    public bool ArtifactsRootIsBase { get; init; }

    public EpochMode Mode { get; init; }

    /// <summary>When the id is taken, take the next free one; else that is refused.</summary>
    public bool AutoBump { get; init; } = true;

    /// <summary>How many crucibles run at once.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>Runs this in place of every crucible's own command.</summary>
    public IReadOnlyList<string>? RunnerCommandOverride { get; init; }
}
