using System.Runtime.InteropServices;
using Assay.Native;
using static Assay.Engine.Native.ThreadCode;

namespace Assay.Engine.Native;

/// <summary>
/// A thread whose only work is to start others. What it has given itself (a Landlock domain, a mount namespace) is what they begin with; no
/// other thread of the process has it.
/// </summary>
internal sealed unsafe class ThreadRoot
{
    private const int StackBytes = 256 * 1024;
    private const int DetachedState = 1;
    private const int AttributeBytes = 64;

    private static readonly Api* Calls = Resolve();

    private readonly int _pipe;
    private readonly int _pipeEnd;

    private ThreadRoot(int pipe, int pipeEnd) => (_pipe, _pipeEnd) = (pipe, pipeEnd);

    /// <summary>Starts a root below another, or below none.</summary>
    /// <param name="above">Whose threads' cage it begins with; null: the process's own.</param>
    /// <param name="setUp">What it does to itself first.</param>
    /// <param name="problem">Why there is none.</param>
    public static ThreadRoot? Start(ThreadRoot? above, SyscallScript setUp, out string? problem)
    {
        var pipe = stackalloc int[2];
        if (Libc.Pipe2(pipe, Libc.O_CLOEXEC) != 0)
        {
            problem = $"pipe: {Libc.LastError()}";
            return null;
        }

        var root = new ThreadRoot(pipe[1], pipe[0]);
        var ready = NewEvent();
        var request = (Request*)setUp.Take(sizeof(Request));
        Fill(request, &Root, setUp);
        (request->Ready, request->Orders) = (ready, pipe[0]);
        Begin(above, request);
        Await(ready);
        _ = Libc.Close(ready);
        problem = Problem(request, setUp);
        if (problem is null) return root;
        root.Close();
        return null;
    }

    /// <summary>Hands a request to a new thread of this root. The request says when it is done.</summary>
    public void Begin(Request* request) => Begin(this, request);

    /// <summary>A request in a script's memory, for a thread of this root.</summary>
    public static Request* NewRequest(SyscallScript script)
    {
        var request = (Request*)script.Take(sizeof(Request));
        Fill(request, &ThreadCode.Spawner, script);
        return request;
    }

    /// <summary>Has a script's calls made by a process of its own (see <see cref="Apart"/>).</summary>
    /// <returns>Why one of them failed; null: none did.</returns>
    /// <exception cref="IOException">This process has too many files open.</exception>
    public string? RunApart(SyscallScript script)
    {
        var ready = NewEvent();
        var request = (Request*)script.Take(sizeof(Request));
        Fill(request, &Apart, script);
        request->Ready = ready;
        Begin(request);
        Await(ready);
        _ = Libc.Close(ready);
        return Problem(request, script);
    }

    private static void Fill(Request* request, delegate* unmanaged<void*, void*> main, SyscallScript script)
    {
        request->Api = Calls;
        request->Main = main;
        request->Ops = script.Written();
        request->OpCount = script.Count;
        request->FailedOp = NotBegun;
    }

    /// <summary>What failed before the program was started, in one sentence; null: nothing.</summary>
    public static string? Problem(Request* request, SyscallScript script) => request->FailedOp switch
    {
        NotBegun => "the thread did not begin",
        NoThread => $"no thread can be started: {Marshal.GetPInvokeErrorMessage(request->Errno)}",
        >= 0 => $"{script.NameOf(request->FailedOp)}: {Marshal.GetPInvokeErrorMessage(request->Errno)}",
        _ => null,
    };

    /// <summary>A new eventfd.</summary>
    /// <exception cref="IOException">This process has too many files open.</exception>
    public static int NewEvent()
    {
        var fd = Libc.EventFd(0, Libc.O_CLOEXEC);
        return fd >= 0 ? fd : throw new IOException($"eventfd: {Libc.LastError()}");
    }

    /// <summary>Waits until an eventfd is written to.</summary>
    public static void Await(int eventFd)
    {
        ulong value;
        while (Libc.Read(eventFd, (byte*)&value, sizeof(ulong)) != sizeof(ulong))
        {
            if (Marshal.GetLastPInvokeError() != Libc.EINTR) throw new InvalidOperationException($"a spawning thread is lost: {Libc.LastError()}");
        }
    }

    private static void Begin(ThreadRoot? above, Request* request)
    {
        int error;
        if (above is null)
        {
            ulong thread;
            error = Calls->PthreadCreate(&thread, Calls->ThreadAttributes, request->Main, request);
        }
        else
        {
            // A write of eight bytes to a pipe is whole or not at all (PIPE_BUF).
            error = Libc.Write(above._pipe, (byte*)&request, sizeof(long)) == sizeof(long) ? 0 : Marshal.GetLastPInvokeError();
        }

        if (error == 0) return;
        (request->FailedOp, request->Errno) = (NoThread, error);
        ulong one = 1;
        _ = Libc.Write(request->Ready, (byte*)&one, sizeof(ulong));
    }

    private void Close()
    {
        _ = Libc.Close(_pipe);
        _ = Libc.Close(_pipeEnd);
    }

    private static Api* Resolve()
    {
        Prepare();
        var libc = NativeLibrary.Load("libc.so.6");
        var api = (Api*)NativeMemory.AllocZeroed((nuint)sizeof(Api));
        api->Syscall = (delegate* unmanaged<long, long, long, long, long, long, long, long>)NativeLibrary.GetExport(libc, "syscall");
        api->Errno = (delegate* unmanaged<int*>)NativeLibrary.GetExport(libc, "__errno_location");
        api->PosixSpawn = (delegate* unmanaged<int*, byte*, void*, void*, byte**, byte**, int>)NativeLibrary.GetExport(libc, "posix_spawn");
        api->PthreadCreate =
            (delegate* unmanaged<ulong*, void*, delegate* unmanaged<void*, void*>, void*, int>)NativeLibrary.GetExport(libc, "pthread_create");
        api->Apart = ApartCode.Load();
        api->ThreadAttributes = NativeMemory.AllocZeroed(AttributeBytes);
        var error = SpawnCalls.ThreadAttributesInit(api->ThreadAttributes)
            | SpawnCalls.ThreadAttributesSetDetached(api->ThreadAttributes, DetachedState)
            | SpawnCalls.ThreadAttributesSetStackSize(api->ThreadAttributes, StackBytes);
        return error == 0 ? api : throw new InvalidOperationException($"pthread attributes: {Marshal.GetPInvokeErrorMessage(error)}");
    }
}
