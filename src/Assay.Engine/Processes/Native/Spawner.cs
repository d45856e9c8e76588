using System.Runtime.InteropServices;

namespace Assay.Engine.Processes.Native;

/// <summary>
/// Starts a program in a session and process group of its own, with default signal handling, no open file but its three streams, and
/// nothing in its environment but what is named.
/// </summary>
internal static unsafe class Spawner
{
    /// <summary>The new process and our ends of its streams. <see cref="Stdin"/> is -1 when it reads from /dev/null.</summary>
    public readonly record struct Child(int Pid, int PidFd, int Stdin, int Stdout, int Stderr);

    private const long PidFdOpenNumber = 434;

    /// <summary>Starts it, or returns the operating system's error number.</summary>
    public static int Start(
        string program, IReadOnlyList<string> argv, IReadOnlyList<string> environment, string folder, bool withStdin, out Child child)
    {
        child = default;
        var pipes = stackalloc int[6] { -1, -1, -1, -1, -1, -1 };
        var error = 0;
        if (withStdin && Libc.Pipe2(pipes, Libc.O_CLOEXEC) != 0) error = Marshal.GetLastPInvokeError();
        if (error == 0 && Libc.Pipe2(pipes + 2, Libc.O_CLOEXEC) != 0) error = Marshal.GetLastPInvokeError();
        if (error == 0 && Libc.Pipe2(pipes + 4, Libc.O_CLOEXEC) != 0) error = Marshal.GetLastPInvokeError();
        var pid = 0;
        if (error == 0)
        {
            using var arguments = new NativeStrings(argv);
            using var variables = new NativeStrings(environment);
            using var path = new NativeStrings([program]);
            error = Spawn(path.Array[0], arguments.Array, variables.Array, folder, pipes[0], pipes[3], pipes[5], &pid);
        }

        CloseIfOpen(pipes[0]);
        CloseIfOpen(pipes[3]);
        CloseIfOpen(pipes[5]);
        if (error != 0)
        {
            CloseIfOpen(pipes[1]);
            CloseIfOpen(pipes[2]);
            CloseIfOpen(pipes[4]);
            return error;
        }

        if (withStdin) SetNonBlocking(pipes[1]);
        SetNonBlocking(pipes[2]);
        SetNonBlocking(pipes[4]);
        child = new Child(pid, (int)Libc.PidFdOpen(PidFdOpenNumber, pid, 0), withStdin ? pipes[1] : -1, pipes[2], pipes[4]);
        return 0;
    }

    private static int Spawn(byte* program, byte** argv, byte** envp, string folder, int stdin, int stdout, int stderr, int* pid)
    {
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
        error |= SpawnCalls.ActionsAddCloseFrom(actions, 3) | SpawnCalls.ActionsAddChdir(actions, folder);
        if (error == 0) error = SpawnCalls.Spawn(pid, program, actions, attributes, argv, envp);
        _ = SpawnCalls.AttributesDestroy(attributes);
        _ = SpawnCalls.ActionsDestroy(actions);
        return error;
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
