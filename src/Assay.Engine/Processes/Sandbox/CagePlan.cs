using System.Collections.Immutable;
using Assay.Kernel.Effects;

namespace Assay.Engine.Processes.Sandbox;

/// <summary>What one run may reach. All paths are absolute, and none is a link that was not resolved on purpose.</summary>
internal sealed record CagePlan
{
    public required SandboxLevel Level { get; init; }

    /// <summary>Files and folders that are readable besides the system's.</summary>
    public required ImmutableArray<string> Reads { get; init; }

    /// <summary>Folders that may be changed, the run root first.</summary>
    public required ImmutableArray<string> Writes { get; init; }

    /// <summary>Files and folders that stay out of reach although they lie in what is readable.</summary>
    public required ImmutableArray<string> Hides { get; init; }

    /// <summary>Where the program starts.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>Whether it has the host's network.</summary>
    public bool HasNetwork => Level is SandboxLevel.None or SandboxLevel.Confined;
}
