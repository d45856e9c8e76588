using System.Globalization;
using System.Text;
using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// A shell in the engine's own domain that waits for the engine's end, however it comes, and then ends everything in that domain: daemons
/// that changed their session and emptied their environment included, and nobody else (cage.md, "The end").
/// </summary>
internal sealed class Watcher
{
    /// <summary>It kills only after it has seen that its domain keeps it from the engine, and so from everybody outside.</summary>
    private const string Script =
        "kill -0 \"$1\" 2>/dev/null && exit 1; echo held; trap '' HUP INT TERM; read -r _; kill -0 \"$1\" 2>/dev/null || kill -9 -1";

    // Its write end closes with this process, and with nothing else.
    private readonly int _lifeline;

    private Watcher(int pid, int lifeline) => (Pid, _lifeline) = (pid, lifeline);

    /// <summary>Its process; 0: there is none, since the kernel keeps no signals inside.</summary>
    public int Pid { get; }

    public bool Watches => Pid != 0;

    /// <summary>Whether it does what it was started for; one that was not needed does.</summary>
    public unsafe bool IsAlive
    {
        get
        {
            int status;
            return Pid == 0 || Libc.Wait4(Pid, &status, Libc.WNOHANG, null) == 0;
        }
    }

    public static Watcher Start(ThreadRoot root, bool holdsSignals)
    {
        if (!holdsSignals) return new Watcher(0, -1);
        var engine = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var request = new SpawnRequest
        {
            Program = "/bin/sh",
            Words = ["/bin/sh", "-c", Script, "assay-watcher", engine],
            Environment = [],
            Folder = "/",
            WithStdin = true,
        };
        var started = Spawner.Start(request, root, new SyscallScript(), new SyscallScript(), witness: 0);
        using var thread = started.Thread;
        if (started.Problem is not null || started.Errno != 0) return new Watcher(0, -1);
        var child = started.Child;
        var isHeld = FirstWord(child.Stdout) == "held";
        _ = Libc.Close(child.Stdout);
        _ = Libc.Close(child.Stderr);
        _ = Libc.Close(child.PidFd);
        if (isHeld)
        {
            OwnChildren.Add(child.Pid);
            return new Watcher(child.Pid, child.Stdin);
        }

        _ = Libc.Close(child.Stdin);
        _ = Libc.Kill(child.Pid, Libc.SIGKILL);
        return new Watcher(0, -1);
    }

    private static unsafe string FirstWord(int pipe)
    {
        const int patienceMs = 5000;
        var waited = new Libc.PollFd { Fd = pipe, Events = Libc.POLLIN };
        if (Libc.Poll(&waited, 1, patienceMs) <= 0) return "";
        var bytes = stackalloc byte[16];
        var length = Libc.Read(pipe, bytes, 16);
        return length <= 0 ? "" : Encoding.ASCII.GetString(bytes, (int)length).Trim();
    }
}
