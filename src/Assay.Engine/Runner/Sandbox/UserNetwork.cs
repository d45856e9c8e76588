using System.Diagnostics;
using System.Globalization;
using Assay.Engine.Native;
using Assay.Engine.Runner.Network;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// A network of a run's own that a user may set up: it belongs to a user namespace in which this engine has every right and nothing else
/// lives. bubblewrap is started in it.
/// </summary>
internal static unsafe class UserNetwork
{
    private const long NewUser = 0x10000000;
    private const int ForReading = Libc.O_RDONLY | Libc.O_CLOEXEC;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Lazy<(int Owner, string? Problem)> Found = new(Find);

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Problem => Found.Value.Problem;

    /// <summary>Makes one that leads to a gate.</summary>
    /// <param name="gate">Gets its sockets in it.</param>
    /// <param name="root">Whose threads may make it.</param>
    /// <returns>An open file that holds it, which the caller owns.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static int Make(NetworkGate gate, ThreadRoot root) => Make(Found.Value.Owner, gate.MakeIn, root);

    /// <summary>Words that go before a command that is to begin in one, and gives it what they need.</summary>
    /// <param name="network">What <see cref="Make(NetworkGate, ThreadRoot)"/> returned; owned by what is given from now on.</param>
    /// <param name="given">What the program is given.</param>
    public static IEnumerable<string> Words(int network, GivenFiles given)
    {
        var (owner, held) = (given.Lend(Found.Value.Owner), given.Give(network));
        return
        [
            Program("nsenter")!, $"--user=/proc/self/fd/{owner}", $"--net=/proc/self/fd/{held}", "--preserve-credentials", "--",
            "/bin/sh", "-c", $"exec {owner}<&- {held}<&-; exec \"$@\"", "assay-network",
        ];
    }

    private static int Make(int owner, Action<SyscallScript> more, ThreadRoot root)
    {
        using var script = new SyscallScript();
        var network = (int*)script.Take(sizeof(int));
        script.Call("enter the user namespace", SyscallNumbers.SetNs, owner, NewUser);
        script.Call("unshare the network", SyscallNumbers.Unshare, ScriptMounts.NewNetwork);
        script.Loopback();
        more(script);
        script.Call("hold the network", SyscallNumbers.Open, script.Text("/proc/self/ns/net"), ForReading).Into(network);
        return root.RunApart(script) is { } problem ? throw new IOException($"a network of its own: {problem}") : *network;
    }

    private static (int Owner, string? Problem) Find()
    {
        if (Program("nsenter") is null || Program("unshare") is null)
        {
            return (-1, "nsenter and unshare are not installed: apt-get install util-linux");
        }

        try
        {
            var owner = NewOwner();
            _ = Libc.Close(Make(owner, static _ => { }, CageHost.Current.Root));
            return (owner, null);
        }
        catch (IOException e)
        {
            return (-1, e.Message);
        }
    }

    /// <summary>A user namespace in which the user stands for itself. What makes it ends, and the open file holds it.</summary>
    private static int NewOwner()
    {
        string[] words = ["--user", "--map-current-user", "--", "/bin/sh", "-c", "echo made; read -r _"];
        var start = new ProcessStartInfo(Program("unshare")!, words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        try
        {
            var isMade = process.StandardOutput.ReadLine() is not null;
            if (!isMade) throw new IOException($"a user namespace: {process.StandardError.ReadToEnd().Trim()}");
            var owner = Libc.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/ns/user"), ForReading, 0);
            return owner >= 0 ? owner : throw new IOException($"its user namespace: {Libc.LastError()}");
        }
        finally
        {
            process.StandardInput.Close();
            if (!process.WaitForExit(Patience)) process.Kill();
        }
    }

    private static string? Program(string name) => ProgramPath.Find(name, "/usr/bin:/bin:/usr/sbin:/sbin");
}
