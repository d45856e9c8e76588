using System.Collections.Immutable;
using Assay.Engine.Runner.Network;
using Assay.Kernel.Effects;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>What one run may reach. All paths are absolute and real: no part of them is a link.</summary>
internal sealed record CagePlan
{
    public required SandboxLevel Level { get; init; }

    /// <summary>Files and folders that are readable besides the system's.</summary>
    public required ImmutableArray<string> Reads { get; init; }

    /// <summary>Folders that may be changed, the run root first.</summary>
    public required ImmutableArray<string> Writes { get; init; }

    /// <summary>Files and folders that stay out of reach although they lie in what is readable.</summary>
    public required ImmutableArray<string> Hides { get; init; }

    /// <summary>What no grant reaches, whatever it names: ledger and keys.</summary>
    public ImmutableArray<string> Sealed { get; init; } = [];

    /// <summary>Other names under which granted paths were given, each with its real path.</summary>
    public ImmutableArray<(string Name, string Real)> Aliases { get; init; } = [];

    /// <summary>Stands in place of the run root; null: that lies on the disk.</summary>
    public MemoryDisk? Disk { get; init; }

    /// <summary>
    /// Whether sockets of the host may lie in what it reaches, so that it gets none with paths (see <see cref="GrantSearch"/>).
    /// </summary>
    public required bool MayHoldSockets { get; init; }

    /// <summary>Where the program starts.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>What of the network it may reach.</summary>
    public NetworkReach Reach { get; init; } = NetworkReach.Nothing;

    /// <summary>Whether it cannot do its work without a way out: hosts are listed, or it has a gateway to a model.</summary>
    public bool NeedsWayOut { get; init; }

    /// <summary>Its way out of a network of its own; null: there is none.</summary>
    public NetworkGate? Gate { get; init; }

    /// <summary>Whether it has the host's network.</summary>
    public bool HasNetwork => Level == SandboxLevel.None || Reach.IsOpen;
}
