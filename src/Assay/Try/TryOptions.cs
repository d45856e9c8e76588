using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Lanes.Shared;

namespace Assay.Try;

/// <summary>What to try, and under which caps.</summary>
public sealed record TryOptions
{
    /// <summary>The most that is kept of each output.</summary>
    public const long OutputBytes = 64L << 20;

    public required ImmutableArray<string> Command { get; init; }

    /// <summary>The current folder, absolute: it may be read.</summary>
    public required string Folder { get; init; }

    public SandboxLevel Level { get; init; } = SandboxLevel.Strict;

    public ImmutableArray<string> Reads { get; init; } = [];

    public ImmutableArray<string> Hides { get; init; } = [];

    public ImmutableArray<string> Writes { get; init; } = [];

    /// <summary>What it may reach, as lines of <c>hosts</c>.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    public OpenNetwork? Network { get; init; }

    /// <summary>The most bytes that may pass to and from these, both ways; null: any number.</summary>
    public long? NetworkBytes { get; init; }

    public required long TimeMs { get; init; }

    public required long MemoryBytes { get; init; }

    public required long DiskBytes { get; init; }

    public required int Processes { get; init; }

    internal GrantKeys Keys => new(Reads, Hides, Hosts, Network) { NetworkMaxBytes = NetworkBytes };
}
