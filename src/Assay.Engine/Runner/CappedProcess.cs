using System.Runtime.InteropServices;
using System.Text;
using Assay.Engine.Native;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>
/// Runs one process under its caps, on the calling thread, until it and everything it started are gone. The loop waits for whatever comes
/// first: its end, output, a cap, a measurement that is due, or a cancellation.
/// </summary>
internal sealed unsafe class CappedProcess : IDisposable
{
    /// <summary>Measurements after which what was seen is taken for the peak.</summary>
    private const int WellMeasured = 10;

    /// <summary>How long those that are leaving anyway may take when the process itself has ended.</summary>
    private const double SettleMs = 20;

    private const long OtherThreads = 1024;

    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(1);

    /// <summary>How long a killed process may take to leave; only one in uninterruptible sleep takes longer.</summary>
    private static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(10);

    private readonly ProcessStart _start;
    private readonly IContainment _containment;
    private readonly OutputCapture _stdout;
    private readonly OutputCapture _stderr;
    private readonly CancelSignal _cancel;
    private readonly Action<ProcessProgress> _progress;
    private readonly byte[] _buffer = OutputCapture.NewBuffer();
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly HashSet<int> _ended = [];
    private readonly MeterReader? _meter;
    private readonly DiskWatch _disk;
    private readonly long _threadsBefore = ProcFs.ThreadsOfHost();

    private int _pid;
    private SpawnThread? _thread;
    private KillReason? _reason;
    private double _killAt = double.MaxValue;
    private double _giveUpAt;
    private double _nextSample = 10;
    private Usage _last;
    private long _peakRss;
    private int _samples;

    private CappedProcess(
        ProcessStart start, IContainment containment, OutputCapture stdout, OutputCapture stderr, CancelSignal cancel, Action<ProcessProgress> progress)
    {
        (_start, _containment, _stdout, _stderr, _cancel, _progress) = (start, containment, stdout, stderr, cancel, progress);
        _disk = new DiskWatch(new DiskMeter(start.Plan.Writes), start.Caps.DiskBytes, start.DiskBytesBefore, start.Plan.Disk);
        if (start.Meter is not { } meter) return;
        _meter = new MeterReader(FolderHandle.OpenNamed(start.MeterFolder), meter.File, meter.Max);
    }

    /// <summary>Milliseconds since the start.</summary>
    private double Now => TimeProvider.System.GetElapsedTime(_began).TotalMilliseconds;

    public static ProcessEnd Run(
        ProcessStart start, IContainment containment, OutputCapture stdout, OutputCapture stderr, CancelSignal cancel, Action<ProcessProgress> progress)
    {
        using var process = new CappedProcess(start, containment, stdout, stderr, cancel, progress);
        return process.Run();
    }

    public void Dispose()
    {
        _disk.Dispose();
        _meter?.Dispose();
    }

    private ProcessEnd Run()
    {
        _containment.Prepare(_start.Caps);

        // Limits of a process are inherited, so they must be there before it can start others.
        using var gate = _containment.NeedsGate || HasRlimits ? new Gate() : null;
        var request = new SpawnRequest
        {
            Program = _start.Command[0],
            Words = _start.Command,
            Environment = _start.Environment,
            Folder = _start.Folder,
            WithStdin = _start.Stdin is not null,
        };
        using var program = Cage.Start(_start.Plan, request, _containment, _start.Caps, gate);
        var engineRss = EngineMaxRss();
        if (program.Problem is { } problem) return ProcessEnd.NotStarted(problem, program.Errno);
        var child = program.Child;
        _pid = child.Pid;
        _thread = program.Thread!;
        _stdout.Attach(child.Stdout);
        _stderr.Attach(child.Stderr);
        using var feed = _start.Stdin is { } input ? new InputFeed(input, child.Stdin) : null;
        if (Contain() is { } outside) return EndOutside(child, outside);
        try
        {
            LimitByRlimits();
            gate?.Open();
            Watch(child.PidFd, feed);
        }
        catch
        {
            // What goes wrong here is the end of the run, and nothing of it may go on.
            KillAll();
            EndRest();
            int unseen;
            _ = Libc.Wait4(_pid, &unseen, 0, null);
            _ = Libc.Close(child.PidFd);
            throw;
        }

        int status;
        Libc.RUsage usage;
        while (Libc.Wait4(_pid, &status, 0, &usage) < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR)
        {
        }

        _ = Libc.Close(child.PidFd);
        var durationMs = (long)Now;
        EndRest();
        Drain();
        var end = Conclude(status, usage, durationMs, engineRss);
        if (end is not { ExitCode: { } code, Reason: null } || (program.Ran(code) && !(gate is not null && Gate.Failed(code, _stderr.Small)))) return end;
        return ProcessEnd.NotStarted(LastLine(_stderr), code switch
        {
            127 => Libc.ENOENT,
            126 => Libc.EACCES,
            _ => null,
        });
    }

    private bool HasRlimits => _start.Caps is { DiskBytes: not null } or { CpuTimeMs: not null } || (IsPolled && _start.Caps is { MemoryBytes: not null } or { Processes: not null });

    /// <summary>
    /// In a cgroup the thread that starts the program counts until it has left, and the room for it may be taken by then.
    /// </summary>
    private int SpawningThread => IsPolled ? 0 : 1;

    private bool IsPolled => _containment is ProcessTree;

    /// <summary>Puts it where its caps hold, and returns why that cannot be.</summary>
    private string? Contain()
    {
        try
        {
            _containment.Started(_pid, _start.Caps, _thread!);
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>Its caps do not hold, so it must not go on.</summary>
    private ProcessEnd EndOutside(Spawner.Child child, string problem)
    {
        KillAll();
        int status;
        _ = Libc.Wait4(_pid, &status, 0, null);
        _ = Libc.Close(child.PidFd);
        EndRest();
        return ProcessEnd.NotStarted($"its caps cannot be set: {problem}");
    }

    private static string LastLine(OutputCapture stderr)
    {
        var text = Encoding.UTF8.GetString(stderr.Small ?? []).TrimEnd();
        return text.Length == 0 ? "the sandbox did not start it" : text[(text.LastIndexOf('\n') + 1)..];
    }

    /// <summary>A second line behind the polled caps: one process alone cannot pass them even between two looks.</summary>
    private void LimitByRlimits()
    {
        var caps = _start.Caps;
        if (caps.CpuTimeMs is { } cpu) Limit(Libc.RLIMIT_CPU, (ulong)((cpu + 999) / 1000), 1);
        if (caps.DiskBytes is { } disk) Limit(Libc.RLIMIT_FSIZE, (ulong)disk, 0);
        if (caps.MemoryBytes is { } memory && IsPolled) Limit(Libc.RLIMIT_DATA, (ulong)memory, 0);

        // Counts all threads of the user, other runs' and those to come among them, so it only bounds what can grow between two looks. It
        // does not bind root (ruling 6).
        if (caps.Processes is { } processes && IsPolled)
        {
            Limit(Libc.RLIMIT_NPROC, (ulong)(processes + ProcFs.ThreadsOfUser() + OtherThreads), 0);
        }

        Limit(Libc.RLIMIT_CORE, 0, 0);
    }

    private void Limit(int resource, ulong soft, ulong slack)
    {
        var limit = new Libc.RLimit { Soft = soft, Hard = soft + slack };
        _ = Libc.PRLimit(_pid, resource, &limit, null);
    }

    private void Watch(int pidFd, InputFeed? feed)
    {
        var fds = stackalloc Libc.PollFd[5];
        for (; ; )
        {
            Act();
            fds[0] = new Libc.PollFd { Fd = pidFd, Events = Libc.POLLIN };
            fds[1] = new Libc.PollFd { Fd = _stdout.Pipe, Events = Libc.POLLIN };
            fds[2] = new Libc.PollFd { Fd = _stderr.Pipe, Events = Libc.POLLIN };
            fds[3] = new Libc.PollFd { Fd = feed?.Pipe ?? -1, Events = Libc.POLLOUT };
            fds[4] = new Libc.PollFd { Fd = _reason is null ? _cancel.Fd : -1, Events = Libc.POLLIN };
            _ = Libc.Poll(fds, 5, WaitMs());
            if (fds[1].Revents != 0) _stdout.Pump(_buffer);
            if (fds[2].Revents != 0) _stderr.Pump(_buffer);
            if (fds[3].Revents != 0) feed!.Pump();
            if (fds[0].Revents != 0) return;
            if (fds[4].Revents != 0) Ask(KillReason.Cancelled);
            if (_stdout.Truncated || _stderr.Truncated) Kill(KillReason.OutputLimit);
            if (_stdout.Failure is not null || _stderr.Failure is not null) Kill(KillReason.CaptureFailed);
        }
    }

    /// <summary>Does what is due by the clock.</summary>
    private void Act()
    {
        var now = Now;
        if (_reason is null && _start.Deadline is { } deadline && now >= deadline.TotalMilliseconds) Ask(KillReason.Deadline);
        if (_reason is null && now >= _start.Caps.TimeMs) Ask(KillReason.Timeout);
        if (now >= _killAt)
        {
            KillAll();
            _killAt = now + 100;
        }

        if (now >= _nextSample) Sample(now);
    }

    private int WaitMs()
    {
        var next = Math.Min(_nextSample, _killAt);
        if (_reason is null) next = Math.Min(next, Math.Min(_start.Caps.TimeMs, _start.Deadline?.TotalMilliseconds ?? double.MaxValue));
        return (int)Math.Clamp(Math.Ceiling(next - Now), 0, 1000);
    }

    private void Sample(double now)
    {
        _samples++;
        _last = Measure();
        _peakRss = Math.Max(_peakRss, _last.RssBytes);
        var caps = _start.Caps;
        if (!FreeSpace.Suffices(_start.RecordFolder) || _start.Plan.Gate is { HasFailed: true }) Kill(KillReason.CaptureFailed);
        else if (_last.OomKills > 0) Kill(KillReason.MemoryLimit);
        else if (caps.Processes is { } processes && _last.ProcessCount > processes + SpawningThread) Kill(KillReason.ProcessLimit);
        else if (caps.MemoryBytes is { } memory && _last.RssBytes > memory) Kill(KillReason.MemoryLimit);
        else if (caps.CpuTimeMs is { } cpu && _last.CpuMicroseconds >= cpu * 1000) Kill(KillReason.CpuLimit);
        else if (_disk.IsOver(() => _containment.Members(_pid))) Kill(KillReason.DiskLimit);
        else if (IsOverspent(atEnd: false)) Kill(KillReason.CostLimit);
        else if (_start.Plan.Gate is { IsOver: true }) Kill(KillReason.NetworkLimit);
        else if (_reason is null && _start.WantedEnd() is { } wanted) Ask(wanted);
        _progress(new ProcessProgress(TimeSpan.FromMilliseconds(now), _last.RssBytes, _stdout.SizeBytes, _stderr.SizeBytes));

        // Often at first, rarer later; near the CPU cap in time to meet it even on all cores.
        var pause = Math.Clamp(now / 2, 10, caps.DiskBytes is null && _meter is null ? 250 : 100);
        if (caps.CpuTimeMs is { } cap) pause = Math.Clamp((cap - (_last.CpuMicroseconds / 1000.0)) / Environment.ProcessorCount, 5, pause);
        _nextSample = now + pause;
    }

    /// <summary>
    /// Looks at every process. One that forks all the time would starve this thread, to which each look costs more the more there are:
    /// where the host has so many more than before that the run may be over its cap, it is held up meanwhile.
    /// </summary>
    private Usage Measure()
    {
        if (!IsPolled || _start.Caps.Processes is not { } most || ProcFs.ThreadsOfHost() - _threadsBefore <= most)
        {
            return _containment.Sample(_pid);
        }

        _thread!.Stop();
        try
        {
            return _containment.Sample(_pid);
        }
        finally
        {
            _thread.Continue();
        }
    }

    private bool IsOverspent(bool atEnd)
    {
        _meter?.Read(atEnd);
        return _meter is { IsOver: true };
    }

    /// <summary>SIGTERM to the process group now, SIGKILL to all when the grace is over.</summary>
    private void Ask(KillReason reason)
    {
        _reason = reason;
        _ = Libc.Kill(-_pid, Libc.SIGTERM);
        _killAt = Now + Math.Max(0, _start.Caps.KillMs - _start.Caps.TimeMs);
    }

    private void Kill(KillReason reason)
    {
        if (_reason is not null) return;
        _reason = reason;
        KillAll();
        _killAt = Now + 100;
    }

    private void KillAll()
    {
        // Everything at once first: looking for them one by one takes long where there are many.
        _thread!.EndAll();
        _ = Libc.Kill(_pid, Libc.SIGKILL);
        _ = Libc.Kill(-_pid, Libc.SIGKILL);
        foreach (var pid in _containment.KillAll(_pid)) _ended.Add(pid);
        _thread.EndAll();
    }

    /// <summary>What the process left running is ended with it.</summary>
    private void EndRest()
    {
        _giveUpAt = Now + OrphanPatience.TotalMilliseconds;
        if (_containment.HasOthers(_pid))
        {
            Settle();
            foreach (var pid in _containment.KillAll(_pid)) _ended.Add(pid);
            _ended.Remove(_pid);
        }

        EndOrphans();
    }

    /// <summary>
    /// What left its session, its cgroup and its environment behind is still in the run's domain, and ends with one call.
    /// </summary>
    private void EndOrphans()
    {
        _thread!.EndAll();
        var pause = new SpinWait();
        for (var alive = Orphans.Collect(); alive.Count > 0 && Now < _giveUpAt; alive = Orphans.Collect())
        {
            var ours = alive.Where(_thread.Reaches).ToList();
            if (ours.Count == 0) return;
            foreach (var pid in ours) _ended.Add(pid);
            pause.SpinOnce();
        }
    }

    /// <summary>A moment for those that are just leaving, as the inner process of a sandbox is: they were not left running.</summary>
    private void Settle()
    {
        var until = Now + SettleMs;
        var pause = new SpinWait();
        while (Now < until && _containment.HasOthers(_pid)) pause.SpinOnce();
    }

    private void Drain()
    {
        var deadline = Now + DrainPatience.TotalMilliseconds;
        var fds = stackalloc Libc.PollFd[2];
        while ((_stdout.Pipe >= 0 || _stderr.Pipe >= 0) && Now < deadline)
        {
            fds[0] = new Libc.PollFd { Fd = _stdout.Pipe, Events = Libc.POLLIN };
            fds[1] = new Libc.PollFd { Fd = _stderr.Pipe, Events = Libc.POLLIN };
            _ = Libc.Poll(fds, 2, (int)Math.Max(0, deadline - Now));
            if (fds[0].Revents != 0) _stdout.Pump(_buffer);
            if (fds[1].Revents != 0) _stderr.Pump(_buffer);
        }
    }

    private ProcessEnd Conclude(int status, Libc.RUsage usage, long durationMs, long engineRss)
    {
        var signal = status & 0x7F;
        int? exitCode = signal == 0 ? (status >> 8) & 0xFF : null;
        var totals = _containment.Total();
        var overspent = IsOverspent(atEnd: true);
        var reason = _reason ?? ReasonFromTheKernel(signal, exitCode, totals) ?? (overspent ? KillReason.CostLimit : null);
        if (reason is null && _start.Plan.Gate is { IsOver: true }) reason = KillReason.NetworkLimit;
        reason ??= _start.WantedEnd();
        var cpu = Math.Max(Math.Max(totals.CpuMicroseconds, _last.CpuMicroseconds), usage.CpuMicroseconds) / 1000;

        // bubblewrap's own processes end a moment after the program, and what that left ends with their pid namespace.
        var leaked = _reason is null && Cage.MechanismOf(_start.Plan.Level) != Mechanism.Bubblewrap ? _ended.Count : 0;
        return new ProcessEnd(
            exitCode, signal == 0 ? null : signal, reason, durationMs, cpu, Peak(usage, totals, engineRss), leaked, totals.ProcessLimitHits)
        {
            Cost = _meter?.Spent,
            MeterProblem = _meter?.Problem,
        };
    }

    /// <summary>
    /// The larger of what was measured while it ran and what the kernel remembers. A child begins as a copy of this process, so the
    /// kernel's figure says something only where it is above ours; for a run too short to be measured well, what the cgroup held at most is
    /// the bound. Without a cgroup such a run has no figure: 0.
    /// </summary>
    private long Peak(Libc.RUsage usage, Totals totals, long engineRss)
    {
        var remembered = usage.MaxRssKiB * 1024;
        var isBounded = totals.MemoryBoundBytes > 0;
        var bound = isBounded ? Math.Min(remembered, totals.MemoryBoundBytes) : remembered;
        return Math.Max(_peakRss, remembered > engineRss || (isBounded && _samples < WellMeasured) ? bound : 0);
    }

    private KillReason? ReasonFromTheKernel(int signal, int? exitCode, Totals totals)
    {
        if (_stdout.Truncated || _stderr.Truncated) return KillReason.OutputLimit;
        if (_stdout.Failure is not null || _stderr.Failure is not null) return KillReason.CaptureFailed;
        if (totals.OomKills > 0) return KillReason.MemoryLimit;
        if (signal == Libc.SIGXCPU && _start.Caps.CpuTimeMs is not null) return KillReason.CpuLimit;
        if (_start.Caps.DiskBytes is not { } disk) return null;
        return signal == Libc.SIGXFSZ || _disk.IsOverAtEnd(_containment.Members(_pid)) || (exitCode != 0 && _disk.Bytes >= disk)
            ? KillReason.DiskLimit
            : null;
    }

    private static long EngineMaxRss()
    {
        Libc.RUsage own;
        return Libc.GetRUsage(0, &own) == 0 ? own.MaxRssKiB * 1024 : long.MaxValue;
    }
}
