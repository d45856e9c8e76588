using Assay.Native;
using static Assay.Engine.Native.ThreadCode;

namespace Assay.Engine.Native;

/// <summary>The thread that started one program and shares its cage, until the program and all it started have ended.</summary>
internal sealed unsafe class SpawnThread : IDisposable
{
    private readonly SyscallScript _script;
    private readonly SyscallScript _after;
    private readonly Request* _request;
    private readonly int _ready;
    private readonly int _orders;
    private readonly bool _hasThread;

    private SpawnThread(ThreadRoot root, SyscallScript script, SyscallScript after, Program program, int witness)
    {
        (_script, _after) = (script, after);
        _ready = ThreadRoot.NewEvent();
        try
        {
            _orders = ThreadRoot.NewEvent();
        }
        catch
        {
            _ = Libc.Close(_ready);
            throw;
        }

        _request = ThreadRoot.NewRequest(script);
        _request->After = after.Written();
        _request->AfterCount = after.Count;
        (_request->Ready, _request->Orders, _request->Witness) = (_ready, _orders, witness);
        _request->Path = program.Path;
        _request->Actions = program.Actions;
        _request->Attributes = program.Attributes;
        _request->Argv = program.Argv;
        _request->Envp = program.Envp;
        root.Begin(_request);
        ThreadRoot.Await(_ready);
        _hasThread = _request->FailedOp != NoThread;
        CageProblem = ThreadRoot.Problem(_request, script);
        CanEndAll = witness != 0 && CageProblem is null;
    }

    /// <summary>What posix_spawn is given; all of it must stay until the start is over.</summary>
    public readonly ref struct Program
    {
        public byte* Path { get; init; }

        public void* Actions { get; init; }

        public void* Attributes { get; init; }

        public byte** Argv { get; init; }

        public byte** Envp { get; init; }
    }

    /// <summary>Why the cage does not stand, so that nothing was started; null when it does.</summary>
    public string? CageProblem { get; }

    /// <summary>The error of the start itself; 0: started.</summary>
    public int SpawnErrno => _request->SpawnErrno;

    public int Pid => _request->Pid;

    /// <summary>Whether <see cref="EndAll"/> reaches everything that the program started.</summary>
    public bool CanEndAll { get; }

    /// <summary>Starts a program on a new thread of a root, and waits until it runs or cannot.</summary>
    /// <param name="root">Whose threads begin with what the program is to have.</param>
    /// <param name="script">What the thread does to itself first. It is owned from now on.</param>
    /// <param name="after">What it does when the program has started. It is owned from now on.</param>
    /// <param name="program">What to start.</param>
    /// <param name="witness">A process outside, for <see cref="EndAll"/>; 0: that may never be done.</param>
    public static SpawnThread Start(ThreadRoot root, SyscallScript script, SyscallScript after, Program program, int witness) =>
        new(root, script, after, program, witness);

    /// <summary>
    /// SIGKILL to everything in the program's Landlock domain, wherever it has moved to and whatever its environment holds. The kernel does
    /// this in one step with respect to fork, so that nothing slips through.
    /// </summary>
    public void EndAll()
    {
        if (CanEndAll) Order(OrderKill);
    }

    /// <summary>Holds up everything in the program's domain, so that it can be looked at; <see cref="Continue"/> lets it go on.</summary>
    public void Stop()
    {
        if (CanEndAll) Order(OrderStop);
    }

    public void Continue()
    {
        if (CanEndAll) Order(OrderContinue);
    }

    /// <summary>Whether a process, dead or alive, lies in the program's domain.</summary>
    public bool Reaches(int pid)
    {
        if (!CanEndAll) return false;
        _request->Probe = pid;
        Order(OrderProbe);
        return _request->Probe == 1;
    }

    public void Dispose()
    {
        if (_hasThread) Order(OrderExit);
        _ = Libc.Close(_ready);
        _ = Libc.Close(_orders);
        _script.Dispose();
        _after.Dispose();
    }

    private void Order(ulong order)
    {
        _ = Libc.Write(_orders, (byte*)&order, sizeof(ulong));
        ThreadRoot.Await(_ready);
    }
}
