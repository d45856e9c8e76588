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
    /// <summary>How long those that are leaving anyway may take when the process itself has ended.</summary>
    private const double SettleMs = 20;

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
    private readonly CapWatch _caps;
    private readonly Rlimits _rlimits;

    private int _pid;
    private SpawnThread? _thread;
    private KillReason? _reason;
    private double _killAt = double.MaxValue;
    private double _giveUpAt;
    private double _nextSample = 10;

    private CappedProcess(
        ProcessStart start, IContainment containment, OutputCapture stdout, OutputCapture stderr, CancelSignal cancel,
        Action<ProcessProgress> progress)
    {
        (_start, _containment, _stdout, _stderr, _cancel, _progress) = (start, containment, stdout, stderr, cancel, progress);
        _caps = new CapWatch(start, containment, stdout, stderr);
        _rlimits = new Rlimits(start.Caps, _caps.IsPolled);
    }

    /// <summary>Milliseconds since the start.</summary>
    private double Now => TimeProvider.System.GetElapsedTime(_began).TotalMilliseconds;

    public static ProcessEnd Run(
        ProcessStart start, IContainment containment, OutputCapture stdout, OutputCapture stderr, CancelSignal cancel,
        Action<ProcessProgress> progress)
    {
        using var process = new CappedProcess(start, containment, stdout, stderr, cancel, progress);
        return process.Run();
    }

    public void Dispose() => _caps.Dispose();

    private ProcessEnd Run()
    {
        _containment.Prepare(_start.Caps);

        using var gate = _containment.NeedsGate || _rlimits.AreNeeded ? new Gate() : null;
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
            _rlimits.Set(_pid);
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
        if (end is not { ExitCode: { } code, Reason: null }) return end;
        if (program.Ran(code) && (gate is null || !Gate.Failed(code, _stderr.Small))) return end;
        return ProcessEnd.NotStarted(LastLine(_stderr), code switch
        {
            127 => Libc.ENOENT,
            126 => Libc.EACCES,
            _ => null,
        });
    }

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
        if (_caps.Look(_pid, _thread!) is { } passed) Kill(passed);
        else if (_reason is null && _start.WantedEnd() is { } wanted) Ask(wanted);
        _progress(new ProcessProgress(TimeSpan.FromMilliseconds(now), _caps.RssBytes, _stdout.SizeBytes, _stderr.SizeBytes));
        _nextSample = now + _caps.PauseMs(now);
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
        _caps.ReadMeterToItsEnd();
        var peak = _caps.PeakRssBytes(usage, totals, engineRss);
        var reason = _reason ?? _caps.ReasonAtEnd(_pid, signal, exitCode, totals, peak);

        // bubblewrap's own processes end a moment after the program, and what that left ends with their pid namespace.
        var leaked = _reason is null && Cage.MechanismOf(_start.Plan.Level) != Mechanism.Bubblewrap ? _ended.Count : 0;
        return new ProcessEnd(
            exitCode, signal == 0 ? null : signal, reason, durationMs, _caps.CpuMs(usage, totals), peak, leaked, totals.ProcessLimitHits)
        {
            Cost = _caps.Spent,
            MeterProblem = _caps.MeterProblem,
            ProbableReason = reason is null ? _caps.ProbableReason(exitCode, peak) : null,
        };
    }

    private static long EngineMaxRss()
    {
        Libc.RUsage own;
        return Libc.GetRUsage(0, &own) == 0 ? own.MaxRssKiB * 1024 : long.MaxValue;
    }
}
