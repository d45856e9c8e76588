using System.Runtime.InteropServices;
using Assay.Native;

namespace Assay.Engine.Native;

/// <summary>
/// Starts a program on a spawning thread: in a session and process group of its own, with default signal handling, no open file but its
/// streams and what it is given, and nothing in its environment but what is named.
/// </summary>
internal static unsafe class Spawner
{
    /// <summary>The number under which a program finds the first file that it is given.</summary>
    public const int FirstGiven = 3;

    private const long PidFdOpenNumber = 434;

    /// <summary>The new process and our ends of its streams. <see cref="Stdin"/> is -1 when it reads from /dev/null.</summary>
    public readonly record struct Child(int Pid, int PidFd, int Stdin, int Stdout, int Stderr);

    /// <summary>What came of a start.</summary>
    /// <param name="Thread">The thread, which stays until it is disposed of.</param>
    /// <param name="Problem">Why the cage does not stand; null when it does.</param>
    /// <param name="Errno">The operating system's error of the start itself; 0: it runs.</param>
    /// <param name="Child">The process, when it runs.</param>
    public readonly record struct Started(SpawnThread? Thread, string? Problem, int Errno, Child Child);

    /// <summary>Starts it on a thread of a root, or says why not.</summary>
    /// <param name="request">What to start.</param>
    /// <param name="root">Whose threads have what it is to have.</param>
    /// <param name="script">What the thread does to itself first; owned from now on.</param>
    /// <param name="after">What the thread does when the program has started; owned from now on.</param>
    /// <param name="witness">See <see cref="SpawnThread.Start"/>.</param>
    public static Started Start(SpawnRequest request, ThreadRoot root, SyscallScript script, SyscallScript after, int witness)
    {
        var pipes = stackalloc int[6] { -1, -1, -1, -1, -1, -1 };
        var error = 0;
        if (request.WithStdin && Libc.Pipe2(pipes, Libc.O_CLOEXEC) != 0) error = Marshal.GetLastPInvokeError();
        if (error == 0 && Libc.Pipe2(pipes + 2, Libc.O_CLOEXEC) != 0) error = Marshal.GetLastPInvokeError();
        if (error == 0 && Libc.Pipe2(pipes + 4, Libc.O_CLOEXEC) != 0) error = Marshal.GetLastPInvokeError();
        SpawnThread? thread = null;
        if (error == 0)
        {
            try
            {
                thread = Start(request, root, script, after, witness, pipes[0], pipes[3], pipes[5]);
            }
            catch
            {
                script.Dispose();
                after.Dispose();
                for (var i = 0; i < 6; i++) CloseIfOpen(pipes[i]);
                throw;
            }

            error = thread.SpawnErrno;
        }
        else
        {
            script.Dispose();
            after.Dispose();
        }

        CloseIfOpen(pipes[0]);
        CloseIfOpen(pipes[3]);
        CloseIfOpen(pipes[5]);
        if (error != 0 || thread!.CageProblem is not null)
        {
            CloseIfOpen(pipes[1]);
            CloseIfOpen(pipes[2]);
            CloseIfOpen(pipes[4]);
            return new Started(thread, thread?.CageProblem, error, default);
        }

        var pidFd = (int)Libc.PidFdOpen(PidFdOpenNumber, thread.Pid, 0);
        if (pidFd < 0)
        {
            // Nobody could see it end, so it must not run.
            error = Marshal.GetLastPInvokeError();
            int status;
            _ = Libc.Kill(thread.Pid, Libc.SIGKILL);
            _ = Libc.Wait4(thread.Pid, &status, 0, null);
            thread.EndAll();
            CloseIfOpen(pipes[1]);
            CloseIfOpen(pipes[2]);
            CloseIfOpen(pipes[4]);
            return new Started(thread, null, error, default);
        }

        if (request.WithStdin) SetNonBlocking(pipes[1]);
        SetNonBlocking(pipes[2]);
        SetNonBlocking(pipes[4]);
        return new Started(thread, null, 0, new Child(thread.Pid, pidFd, request.WithStdin ? pipes[1] : -1, pipes[2], pipes[4]));
    }

    private static SpawnThread Start(
        SpawnRequest request, ThreadRoot root, SyscallScript script, SyscallScript after, int witness, int stdin, int stdout, int stderr)
    {
        using var arguments = new NativeStrings(request.Words);
        using var variables = new NativeStrings(request.Environment);
        using var path = new NativeStrings([request.Program]);
        var attributes = stackalloc byte[SpawnCalls.StructBytes];
        var actions = stackalloc byte[SpawnCalls.StructBytes];
        var signals = stackalloc byte[SpawnCalls.SigSetBytes];

        // Each call returns 0 or an error number; a start with half its attributes would be no start under contract.
        var error = SpawnCalls.AttributesInit(attributes) | SpawnCalls.ActionsInit(actions);
        error |= SpawnCalls.AttributesSetFlags(attributes, SpawnCalls.SETSID | SpawnCalls.SETSIGDEF | SpawnCalls.SETSIGMASK);
        error |= SpawnCalls.SigFillSet(signals) | SpawnCalls.AttributesSetSigDefault(attributes, signals);
        error |= SpawnCalls.SigEmptySet(signals) | SpawnCalls.AttributesSetSigMask(attributes, signals);
        error |= stdin >= 0
            ? SpawnCalls.ActionsAddDup2(actions, stdin, 0)
            : SpawnCalls.ActionsAddOpen(actions, 0, "/dev/null", Libc.O_RDONLY, 0);
        error |= SpawnCalls.ActionsAddDup2(actions, stdout, 1) | SpawnCalls.ActionsAddDup2(actions, stderr, 2);
        var next = FirstGiven;
        foreach (var descriptor in request.Descriptors) error |= SpawnCalls.ActionsAddDup2(actions, descriptor, next++);
        error |= SpawnCalls.ActionsAddCloseFrom(actions, next) | SpawnCalls.ActionsAddChdir(actions, request.Folder);
        if (error != 0) throw new IOException($"posix_spawn cannot be prepared: {Marshal.GetPInvokeErrorMessage(error)}");
        var program = new SpawnThread.Program
        {
            Path = path.Array[0],
            Actions = actions,
            Attributes = attributes,
            Argv = arguments.Array,
            Envp = variables.Array,
        };
        var thread = SpawnThread.Start(root, script, after, program, witness);
        _ = SpawnCalls.AttributesDestroy(attributes);
        _ = SpawnCalls.ActionsDestroy(actions);
        return thread;
    }

    private static void SetNonBlocking(int fd)
    {
        const int setFlags = 4;
        Libc.Fcntl(fd, setFlags, Libc.O_NONBLOCK);
    }

    private static void CloseIfOpen(int fd)
    {
        if (fd >= 0) Libc.Close(fd);
    }
}
