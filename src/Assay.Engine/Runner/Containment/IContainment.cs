using Assay.Engine.Native;
using Assay.Kernel.Effects;

namespace Assay.Engine.Runner.Containment;

/// <summary>Where one process and all it starts is held, measured and ended. One per process that runs at the same time.</summary>
internal interface IContainment : IDisposable
{
    /// <summary>Names it for another engine that has to end what this one left behind: a cgroup's path; empty when there is none.</summary>
    string Handle { get; }

    /// <summary>The mechanism's name, for the evidence.</summary>
    string Kind { get; }

    /// <summary>Whether anything but the process itself is inside.</summary>
    bool HasOthers(int pid);

    /// <summary>The processes inside, the one itself among them.</summary>
    IReadOnlyCollection<int> Members(int pid);

    /// <summary>Whether what earlier processes left charged here lets a cap on memory be set.</summary>
    bool CanHold(long? memoryBytes);

    /// <summary>Sets the caps for the next process.</summary>
    void Prepare(ProcessCaps caps);

    /// <summary>Files to which the spawning thread writes 0 to be inside, so that what it starts begins there.</summary>
    IReadOnlyList<int> Joins { get; }

    /// <summary>Files to which the spawning thread writes 0 to be outside again.</summary>
    IReadOnlyList<int> Leaves { get; }

    /// <summary>Whether a program must wait at a gate until it was put inside, since a thread alone cannot go there.</summary>
    bool NeedsGate { get; }

    /// <summary>The program has started. One that waits at a gate is put inside now.</summary>
    /// <exception cref="IOException">It cannot be.</exception>
    void Started(int pid, ProcessCaps caps, SpawnThread thread);

    /// <summary>What the tree below <paramref name="pid"/> uses now.</summary>
    Usage Sample(int pid);

    /// <summary>What only counters of the whole run can tell, read once after its end.</summary>
    Totals Total();

    /// <summary>Ends everything that is inside, whatever it does about it, and returns the ids of what it found there.</summary>
    IReadOnlyCollection<int> KillAll(int pid);

    CapInForce Memory(long? limit);

    CapInForce Processes(int? limit);

    CapInForce CpuTime(long? limitMs);
}

/// <summary>A measurement of a running tree.</summary>
internal readonly record struct Usage(long RssBytes, long CpuMicroseconds, long OomKills, int ProcessCount);

/// <summary>
/// Counters at the end. <see cref="MemoryBoundBytes"/> is an upper bound of the memory held at once, page cache included; 0: unknown.
/// </summary>
internal readonly record struct Totals(long OomKills, long ProcessLimitHits, long CpuMicroseconds, long MemoryBoundBytes);
