using Assay.Engine.Native;
using Assay.Engine.Runner.Containment;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>Measures what a run takes, and says which of its caps it has passed; what is then done is its watcher's business.</summary>
internal sealed class CapWatch : IDisposable
{
    /// <summary>Measurements after which what was seen is taken for the peak.</summary>
    private const int WellMeasured = 10;

    private readonly ProcessStart _start;
    private readonly IContainment _containment;
    private readonly OutputCapture _stdout;
    private readonly OutputCapture _stderr;
    private readonly MeterReader? _meter;
    private readonly DiskWatch _disk;
    private readonly long _threadsBefore = ProcFs.ThreadsOfHost();
    private Usage _last;
    private long _peakRss;
    private int _samples;

    public CapWatch(ProcessStart start, IContainment containment, OutputCapture stdout, OutputCapture stderr)
    {
        (_start, _containment, _stdout, _stderr) = (start, containment, stdout, stderr);
        _disk = new DiskWatch(new DiskMeter(start.Plan.Writes), start.Caps.DiskBytes, start.DiskBytesBefore, start.Plan.Disk);
        if (start.Meter is not { } meter) return;
        _meter = new MeterReader(FolderHandle.OpenNamed(start.MeterFolder), meter.File, meter.Max);
    }

    /// <summary>Whether memory and processes are looked for in /proc, since no cgroup holds them.</summary>
    public bool IsPolled => _containment is ProcessTree;

    /// <summary>The memory at the last look.</summary>
    public long RssBytes => _last.RssBytes;

    /// <summary>What the meter says was spent; null: there is none.</summary>
    public Usd? Spent => _meter?.Spent;

    public string? MeterProblem => _meter?.Problem;

    /// <summary>
    /// In a cgroup the thread that starts the program counts until it has left, and the room for it may be taken by then.
    /// </summary>
    private int SpawningThread => IsPolled ? 0 : 1;

    /// <summary>Looks once. Returns why the run must end; null: it has passed no cap.</summary>
    public KillReason? Look(int pid, SpawnThread thread)
    {
        _samples++;
        _last = Measure(pid, thread);
        _peakRss = Math.Max(_peakRss, _last.RssBytes);
        var caps = _start.Caps;
        if (!FreeSpace.Suffices(_start.RecordFolder) || _start.Plan.Gate is { HasFailed: true }) return KillReason.CaptureFailed;
        if (_last.OomKills > 0) return KillReason.MemoryLimit;
        if (caps.Processes is { } processes && _last.ProcessCount > processes + SpawningThread) return KillReason.ProcessLimit;
        if (caps.MemoryBytes is { } memory && _last.RssBytes > memory) return KillReason.MemoryLimit;
        if (caps.CpuTimeMs is { } cpu && _last.CpuMicroseconds >= cpu * 1000) return KillReason.CpuLimit;
        if (_disk.IsOver(() => _containment.Members(pid))) return KillReason.DiskLimit;
        if (IsOverspent()) return KillReason.CostLimit;
        return _start.Plan.Gate is { IsOver: true } ? KillReason.NetworkLimit : null;
    }

    /// <summary>
    /// Milliseconds to the next look: short at first, longer later; near the CPU cap in time to meet it even on all cores.
    /// </summary>
    /// <param name="now">Milliseconds since the start.</param>
    public double PauseMs(double now)
    {
        var pause = Math.Clamp(now / 2, 10, _start.Caps.DiskBytes is null && _meter is null ? 250 : 100);
        if (_start.Caps.CpuTimeMs is not { } cap) return pause;
        return Math.Clamp((cap - (_last.CpuMicroseconds / 1000.0)) / Environment.ProcessorCount, 5, pause);
    }

    /// <summary>Takes in the rest of the meter, when nothing of the run is left to write to it.</summary>
    public void ReadMeterToItsEnd() => _meter?.Read(atEnd: true);

    /// <summary>
    /// Why a run that ended by itself was over a cap all the same; null when it was not. Asked when the meter is read to its end.
    /// </summary>
    public KillReason? ReasonAtEnd(int pid, int signal, int? exitCode, Totals totals, long peakRssBytes)
    {
        if (_stdout.Truncated || _stderr.Truncated) return KillReason.OutputLimit;
        if (_stdout.Failure is not null || _stderr.Failure is not null) return KillReason.CaptureFailed;
        if (totals.OomKills > 0 || (IsPolled && MemoryEnd.IsOver(_start.Caps, peakRssBytes))) return KillReason.MemoryLimit;
        if (signal == Libc.SIGXCPU && _start.Caps.CpuTimeMs is not null) return KillReason.CpuLimit;
        if (IsOverDiskAtEnd(pid, signal, exitCode)) return KillReason.DiskLimit;
        if (_meter is { IsOver: true }) return KillReason.CostLimit;
        return _start.Plan.Gate is { IsOver: true } ? KillReason.NetworkLimit : _start.WantedEnd();
    }

    /// <summary>What most likely ended a run that failed by itself; null where nothing hints at a cap.</summary>
    public KillReason? ProbableReason(int? exitCode, long peakRssBytes) =>
        IsPolled && MemoryEnd.IsProbable(_start.Caps, peakRssBytes, exitCode, _stderr.Small) ? KillReason.MemoryLimit : null;

    /// <summary>User and system time of the whole tree in milliseconds, as far as known.</summary>
    public long CpuMs(Libc.RUsage usage, Totals totals) =>
        Math.Max(Math.Max(totals.CpuMicroseconds, _last.CpuMicroseconds), usage.CpuMicroseconds) / 1000;

    /// <summary>
    /// The larger of what was measured while it ran and what the kernel remembers. A child begins as a copy of this process, so the
    /// kernel's figure says something only where it is above ours; for a run too short to be measured well, what the cgroup held at most is
    /// the bound. Without a cgroup such a run has no figure: 0.
    /// </summary>
    public long PeakRssBytes(Libc.RUsage usage, Totals totals, long engineRss)
    {
        var remembered = usage.MaxRssKiB * 1024;
        var isBounded = totals.MemoryBoundBytes > 0;
        var bound = isBounded ? Math.Min(remembered, totals.MemoryBoundBytes) : remembered;
        return Math.Max(_peakRss, remembered > engineRss || (isBounded && _samples < WellMeasured) ? bound : 0);
    }

    public void Dispose()
    {
        _disk.Dispose();
        _meter?.Dispose();
    }

    /// <summary>
    /// Looks at every process. One that forks all the time would starve this thread, to which each look costs more the more there are:
    /// where the host has so many more than before that the run may be over its cap, it is held up meanwhile.
    /// </summary>
    private Usage Measure(int pid, SpawnThread thread)
    {
        if (!IsPolled || _start.Caps.Processes is not { } most || ProcFs.ThreadsOfHost() - _threadsBefore <= most)
        {
            return _containment.Sample(pid);
        }

        thread.Stop();
        try
        {
            return _containment.Sample(pid);
        }
        finally
        {
            thread.Continue();
        }
    }

    private bool IsOverspent()
    {
        _meter?.Read(atEnd: false);
        return _meter is { IsOver: true };
    }

    private bool IsOverDiskAtEnd(int pid, int signal, int? exitCode) => _start.Caps.DiskBytes is { } disk
        && (signal == Libc.SIGXFSZ || _disk.IsOverAtEnd(_containment.Members(pid)) || (exitCode != 0 && _disk.Bytes >= disk));
}
