using System.Runtime.InteropServices;

namespace Assay.Native;

/// <summary>
/// Tells when processes of this host end, whoever started them (pidfd_open(2)). A thread waits for that, and is not woken before.
/// </summary>
public sealed unsafe class ProcessEnds : IDisposable
{
    private const long PidFdOpenNumber = 434;
    private const int NoHandle = -1;

    private readonly Action _ended;
    private readonly int _bell;
    private readonly Thread _thread;
    private volatile IReadOnlySet<int>? _wanted = new HashSet<int>();
    private volatile bool _isBlind;

    /// <param name="ended">Is called on the waiting thread after one or more have ended, or are found to be gone. It must return soon.</param>
    /// <exception cref="IOException">This process may have no more open files.</exception>
    public ProcessEnds(Action ended)
    {
        _ended = ended;
        _bell = Libc.EventFd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (_bell < 0) throw new IOException($"no end of a process can be waited for: {Marshal.GetLastPInvokeErrorMessage()}");
        _thread = new Thread(Run) { IsBackground = true, Name = "assay-ends" };
        _thread.Start();
    }

    /// <summary>Whether there is one whose end will not be told, since this host gives no handle of it.</summary>
    public bool IsBlind => _isBlind;

    /// <summary>Watches these, in place of those that were watched before.</summary>
    /// <param name="processes">Their ids. Of one that is gone already it is told once.</param>
    public void Watch(IReadOnlySet<int> processes)
    {
        if (_wanted is not { } watched || watched.SetEquals(processes)) return;
        _wanted = processes;
        Ring();
    }

    public void Dispose()
    {
        _wanted = null;
        Ring();
        _thread.Join();
        _ = Libc.Close(_bell);
    }

    private void Ring()
    {
        var one = 1UL;
        _ = Libc.Write(_bell, (byte*)&one, sizeof(ulong));
    }

    /// <summary>Opens and closes all handles, so that none is closed while it is waited for.</summary>
    private void Run()
    {
        var handles = new Dictionary<int, int>();
        while (_wanted is { } wanted)
        {
            if (Follow(wanted, handles) || Wait(handles)) _ended();
        }

        foreach (var process in handles.Keys.ToList()) LetGo(process, handles);
    }

    /// <summary>Gets handles of those that are wanted, and gives back the others'. True when one of them is gone.</summary>
    private bool Follow(IReadOnlySet<int> wanted, Dictionary<int, int> handles)
    {
        foreach (var process in handles.Keys.Where(p => !wanted.Contains(p)).ToList())
        {
            LetGo(process, handles);
            handles.Remove(process);
        }

        var (isOneGone, isBlind) = (false, false);
        foreach (var process in wanted.Where(p => !handles.ContainsKey(p)))
        {
            var handle = (int)Libc.PidFdOpen(PidFdOpenNumber, process, 0);
            var isGone = handle == NoHandle && Marshal.GetLastPInvokeError() == Libc.ESRCH;
            if (handle != NoHandle || isGone) handles[process] = handle;
            else isBlind = true;
            isOneGone |= isGone;
        }

        _isBlind = isBlind;
        return isOneGone;
    }

    /// <summary>True when one has ended; false when others are wanted.</summary>
    private bool Wait(Dictionary<int, int> handles)
    {
        var watched = handles.Where(h => h.Value != NoHandle).ToList();
        var ready = new Libc.PollFd[watched.Count + 1];
        for (var i = 0; i < watched.Count; i++) ready[i] = new Libc.PollFd { Fd = watched[i].Value, Events = Libc.POLLIN };
        ready[^1] = new Libc.PollFd { Fd = _bell, Events = Libc.POLLIN };
        fixed (Libc.PollFd* first = ready)
        {
            if (Libc.Poll(first, (nuint)ready.Length, Timeout.Infinite) <= 0) return false;
        }

        var rung = 0UL;
        if (ready[^1].Revents != 0) _ = Libc.Read(_bell, (byte*)&rung, sizeof(ulong));
        var ended = watched.Where((_, i) => ready[i].Revents != 0).Select(h => h.Key).ToList();
        foreach (var process in ended) LetGo(process, handles);
        return ended.Count > 0;
    }

    /// <summary>Keeps in mind that it was watched: of its end is told once.</summary>
    private static void LetGo(int process, Dictionary<int, int> handles)
    {
        if (handles[process] != NoHandle) _ = Libc.Close(handles[process]);
        handles[process] = NoHandle;
    }
}
