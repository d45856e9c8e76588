using Assay.Engine.Native;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Sandbox;
using Assay.Native;

namespace Assay.Engine;

/// <summary>What this host can enforce for this user, found out by making the calls.</summary>
public sealed record HostCapabilities
{
    private static readonly Lazy<HostCapabilities> Detected = new(Look);

    public required ContainmentMode Containment { get; init; }

    /// <summary>Why nothing can be caged here, with the ways out; null when it can.</summary>
    public required string? SandboxProblem { get; init; }

    /// <summary>How work is caged: <c>view</c>, <c>landlock</c>, <c>bubblewrap</c> with its version, or <c>none</c>.</summary>
    public required string Sandbox { get; init; }

    /// <summary>Why what caged work may reach cannot be listed by name; null when it can.</summary>
    public required string? HostsProblem { get; init; }

    public required bool IsRoot { get; init; }

    /// <summary>The kernel's version of Landlock; 0: none.</summary>
    public required int LandlockAbi { get; init; }

    public required bool HasSeccomp { get; init; }

    /// <summary>Why there are no mounts and namespaces of a run's own; null when there are.</summary>
    public required string? ViewProblem { get; init; }

    /// <summary>Why bubblewrap cannot be used; null when it can. Looked for only where it would be used.</summary>
    public required string? BubblewrapProblem { get; init; }

    /// <summary>Whether what runs leave is ended with the engine however that ends, and exactly that.</summary>
    public required bool EndsWithEngine { get; init; }

    /// <summary>Whether signals are kept inside a run.</summary>
    public required bool KeepsSignals { get; init; }

    /// <summary>The path of git; null when it is not installed.</summary>
    public required string? Git { get; init; }

    /// <summary>Whether the kernel itself enforces the caps on memory and on the number of processes.</summary>
    public bool KernelCaps => Containment != ContainmentMode.ProcessTree;

    /// <summary>Looks at the host once for this process.</summary>
    public static HostCapabilities Detect() => Detected.Value;

    private static HostCapabilities Look()
    {
        var cage = CageHost.Current;
        return new HostCapabilities
        {
            Containment = ContainmentPool.Detect(),
            SandboxProblem = cage.Problem,
            Sandbox = cage.Mechanism switch
            {
                Mechanism.View => "view",
                Mechanism.Landlock => "landlock",
                Mechanism.Bubblewrap => Bubblewrap.Version,
                _ => "none",
            },
            HostsProblem = cage.HostsProblem,
            IsRoot = Libc.GetEUid() == 0,
            LandlockAbi = Landlock.Abi,
            HasSeccomp = cage.HasSeccomp,
            ViewProblem = cage.ViewProblem,
            BubblewrapProblem = cage.ViewProblem is null ? null : Bubblewrap.Problem,
            EndsWithEngine = cage.Watcher.Watches,
            Git = ProgramPath.Find("git", Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin"),
            KeepsSignals = Landlock.Abi >= Landlock.ScopeAbi,
        };
    }
}
