using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Assay.Engine.Native;

/// <summary>
/// What runs on threads that are caged. Nothing of the runtime may be needed there for the first time: no allocation, string, exception,
/// lock or call that is not resolved yet, since whatever the runtime would start or load from such a thread stays caged with it. So these
/// methods are compiled beforehand, never counted for tiering, and reach the C library through pointers that they are given.
/// </summary>
internal static unsafe class ThreadCode
{
    /// <summary>Orders to a spawning thread, one at a time, through its eventfd.</summary>
    public const ulong OrderKill = 1;

    public const ulong OrderStop = 1UL << 4;

    public const ulong OrderContinue = 1UL << 8;

    public const ulong OrderProbe = 1UL << 16;

    public const ulong OrderExit = 1UL << 32;

    /// <summary>The failed call when it was the thread itself that could not be made.</summary>
    public const int NoThread = -2;

    /// <summary>No call failed.</summary>
    public const int None = -1;

    /// <summary>What stands there until the thread has begun.</summary>
    public const int NotBegun = -3;

    private const int SIGKILL = 9;
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;
    private const int EPERM = 1;
    private const int EINTR = 4;
    private const int EBUSY = 16;
    private const int MostBusy = 500;
    private const long BusyPauseNs = 1_000_000;
    private const long AnyChild = 0x40000000; // __WALL: it sends no signal when it ends
    private const long BlockSignals = 0;

    /// <summary>The C library's functions.</summary>
    public struct Api
    {
        public delegate* unmanaged<long, long, long, long, long, long, long, long> Syscall;
        public delegate* unmanaged<int*> Errno;
        public delegate* unmanaged<int*, byte*, void*, void*, byte**, byte**, int> PosixSpawn;
        public delegate* unmanaged<ulong*, void*, delegate* unmanaged<void*, void*>, void*, int> PthreadCreate;
        public delegate* unmanaged<SyscallScript.Op*, long, int*, int*, long> Apart;
        public void* ThreadAttributes;
    }

    /// <summary>
    /// What a new thread is to do. It belongs to the thread until that has written to <see cref="Ready"/>, then to whoever reads from
    /// there.
    /// </summary>
    public struct Request
    {
        public Api* Api;
        public delegate* unmanaged<void*, void*> Main;

        /// <summary>Calls to make first; the thread goes no further than one that fails.</summary>
        public SyscallScript.Op* Ops;
        public int OpCount;

        /// <summary>Calls to make when the program has been started, whatever comes of them.</summary>
        public SyscallScript.Op* After;
        public int AfterCount;

        /// <summary>The program; null: none.</summary>
        public byte* Path;
        public void* Actions;
        public void* Attributes;
        public byte** Argv;
        public byte** Envp;

        /// <summary>An eventfd: written when the start is over, and after each order.</summary>
        public int Ready;

        /// <summary>An eventfd of orders; or, for a root, a pipe of addresses of requests.</summary>
        public int Orders;

        /// <summary>
        /// A process outside that this thread must not be able to signal before it may end everything that it can reach; 0: it never may.
        /// </summary>
        public int Witness;

        /// <summary>The process to probe, and then whether it can be signalled.</summary>
        public int Probe;

        public int FailedOp;
        public int Errno;
        public int SpawnErrno;
        public int Pid;
    }

    /// <summary>Compiles the thread's methods now, on an ordinary thread.</summary>
    public static void Prepare()
    {
        string[] methods = [nameof(RunOps), nameof(IsOutOfReach), nameof(Spawner), nameof(Root), nameof(Apart)];
        foreach (var name in methods)
        {
            RuntimeHelpers.PrepareMethod(typeof(ThreadCode).GetMethod(name)!.MethodHandle);
        }
    }

    /// <summary>Makes the calls, and returns whether all that had to succeed did.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static int RunOps(Request* request, SyscallScript.Op* ops, int count)
    {
        var api = request->Api;
        var pause = stackalloc long[] { 0, BusyPauseNs };
        for (var i = 0; i < count; i++)
        {
            var op = ops + i;
            var first = op->First == null ? op->Arguments[0] : *op->First;
            var result = api->Syscall(
                op->Number, first, op->Arguments[1], op->Arguments[2], op->Arguments[3], op->Arguments[4], op->Arguments[5]);

            // A process that another thread has just forked holds every open file until its exec: a mount that has one to be written
            // is busy.
            for (var left = MostBusy; result < 0 && op->MayFail == 0 && *api->Errno() == EBUSY && left > 0; left--)
            {
                _ = api->Syscall(SyscallNumbers.NanoSleep, (long)pause, 0, 0, 0, 0, 0);
                result = api->Syscall(
                    op->Number, first, op->Arguments[1], op->Arguments[2], op->Arguments[3], op->Arguments[4], op->Arguments[5]);
            }

            if (op->Result != null) *op->Result = (int)result;
            if (result >= 0 || op->MayFail != 0) continue;
            request->FailedOp = i;
            request->Errno = *api->Errno();
            return 0;
        }

        return 1;
    }

    /// <summary>Whether a process is there and cannot be signalled; one that is gone proves nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static int IsOutOfReach(Api* api, int pid) =>
        api->Syscall(SyscallNumbers.Kill, pid, 0, 0, 0, 0, 0) != 0 && *api->Errno() == EPERM ? 1 : 0;

    /// <summary>
    /// Cages itself, starts one program, and stays until it is told to leave, since it alone can end exactly what is in its domain.
    /// </summary>
    [UnmanagedCallersOnly]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void* Spawner(void* argument)
    {
        var request = (Request*)argument;
        var api = request->Api;
        var (ready, orders, witness) = (request->Ready, request->Orders, request->Witness);
        request->FailedOp = None;
        if (RunOps(request, request->Ops, request->OpCount) != 0 && request->Path != null)
        {
            int pid;
            request->SpawnErrno = api->PosixSpawn(&pid, request->Path, request->Actions, request->Attributes, request->Argv, request->Envp);
            if (request->SpawnErrno == 0) request->Pid = pid;
        }

        var failed = request->FailedOp;
        var errno = request->Errno;
        _ = RunOps(request, request->After, request->AfterCount);
        (request->FailedOp, request->Errno) = (failed, errno);
        ulong one = 1;
        api->Syscall(SyscallNumbers.Write, ready, (long)&one, sizeof(ulong), 0, 0, 0);
        for (; ; )
        {
            ulong order = 0;
            var read = api->Syscall(SyscallNumbers.Read, orders, (long)&order, sizeof(ulong), 0, 0, 0);
            if (read != sizeof(ulong) && *api->Errno() == EINTR) continue;
            if (read == sizeof(ulong) && (order & OrderProbe) != 0)
            {
                request->Probe = api->Syscall(SyscallNumbers.Kill, request->Probe, 0, 0, 0, 0, 0) == 0 ? 1 : 0;
            }

            var signal = (order & OrderKill) != 0 ? SIGKILL : (order & OrderStop) != 0 ? SIGSTOP : (order & OrderContinue) != 0 ? SIGCONT : 0;
            if (read == sizeof(ulong) && signal != 0 && witness != 0 && IsOutOfReach(api, witness) != 0)
            {
                api->Syscall(SyscallNumbers.Kill, -1, signal, 0, 0, 0, 0);
            }

            var leaves = read != sizeof(ulong) || order >= OrderExit;
            api->Syscall(SyscallNumbers.Write, ready, (long)&one, sizeof(ulong), 0, 0, 0);
            if (leaves) return null;
        }
    }

    /// <summary>Sets itself up, then starts threads, which inherit all it has given itself, until its pipe ends.</summary>
    [UnmanagedCallersOnly]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void* Root(void* argument)
    {
        var request = (Request*)argument;
        var api = request->Api;
        var (ready, orders) = (request->Ready, request->Orders);
        request->FailedOp = None;
        var isSetUp = RunOps(request, request->Ops, request->OpCount);
        ulong one = 1;
        api->Syscall(SyscallNumbers.Write, ready, (long)&one, sizeof(ulong), 0, 0, 0);
        if (isSetUp == 0) return null;
        for (; ; )
        {
            Request* next = null;
            var read = api->Syscall(SyscallNumbers.Read, orders, (long)&next, sizeof(long), 0, 0, 0);
            if (read != sizeof(long) && *api->Errno() == EINTR) continue;
            if (read != sizeof(long)) return null;
            ulong thread;
            var error = api->PthreadCreate(&thread, api->ThreadAttributes, next->Main, next);
            if (error == 0) continue;
            (next->FailedOp, next->Errno) = (NoThread, error);
            api->Syscall(SyscallNumbers.Write, next->Ready, (long)&one, sizeof(ulong), 0, 0, 0);
        }
    }

    /// <summary>
    /// Has the calls made by a process of its own (<see cref="ApartCode"/>), since the kernel lets no thread of several enter a user namespace.
    /// What that opens stays open here.
    /// </summary>
    [UnmanagedCallersOnly]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void* Apart(void* argument)
    {
        var request = (Request*)argument;
        var api = request->Api;
        var ready = request->Ready;
        var all = ulong.MaxValue;
        api->Syscall(SyscallNumbers.RtSigProcMask, BlockSignals, (long)&all, 0, sizeof(ulong), 0, 0);
        var pid = api->Apart(request->Ops, request->OpCount, &request->FailedOp, &request->Errno);
        if (pid < 0) (request->FailedOp, request->Errno) = (NoThread, (int)-pid);
        else api->Syscall(SyscallNumbers.Wait4, pid, 0, AnyChild, 0, 0, 0);
        ulong one = 1;
        api->Syscall(SyscallNumbers.Write, ready, (long)&one, sizeof(ulong), 0, 0, 0);
        return null;
    }
}
