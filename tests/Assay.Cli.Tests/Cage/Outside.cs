using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Assay.Tests.Cage;

/// <summary>What lies outside a cage and must not be reached: files, a process, sockets and a port of the same user.</summary>
internal sealed class Outside : IDisposable
{
    // Not below /tmp, where a run has a file system of its own in which it may make what it likes.
    private readonly TemporaryFolder _folder = new("/var/tmp");
    private readonly Process _victim;
    private readonly TcpListener _port = new(IPAddress.Loopback, 0);
    private readonly Socket _path = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Socket _datagrams = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Socket _abstract = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _shared;

    /// <param name="host">Whose user owns what lies outside.</param>
    public Outside(string host)
    {
        Token = $"assay-{Guid.NewGuid():N}"[..20];
        _shared = $"/dev/shm/{Token}";
        File.WriteAllText(_shared, "shared");
        File.WriteAllText(Secret, "secret");
        Directory.CreateDirectory(Work);
        Shell($"mkfifo '{Fifo}'; chmod 755 '{_folder.Path}'");
        _path.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _path.Listen();
        _datagrams.Bind(new UnixDomainSocketEndPoint(SocketPath + ".dgram"));
        _abstract.Bind(new UnixDomainSocketEndPoint("\0" + Token));
        _abstract.Listen();
        _port.Start();
        if (host is CageHosts.User or CageHosts.UserWithBubblewrap) Shell($"chown -R nobody:nogroup '{_folder.Path}' '{_shared}'");
        IReadOnlyList<string> words = [.. CageHosts.Prefix(host), "sleep", "600"];
        _victim = Process.Start(new ProcessStartInfo(words[0], words.Skip(1)) { UseShellExecute = false })!;
        Before = State();
    }

    /// <summary>Unlike anything else on this machine.</summary>
    public string Token { get; }

    public string Secret => _folder.Under("secret");

    public string Fifo => _folder.Under("fifo");

    public string SocketPath => _folder.Under("socket");

    /// <summary>The folder in which work is started.</summary>
    public string Work => _folder.Under("work");

    /// <summary>Everything that can be seen of it, as text.</summary>
    public string Before { get; }

    /// <summary>What the attacker is told about where to go.</summary>
    public IReadOnlyList<string> Arguments(bool hasView) =>
    [
        $"secret={Secret}", $"outside={_folder.Path}", $"ledger={Work}/.assay/ledger.db", $"victim={_victim.Id}", $"engine={Environment.ProcessId}", $"socket={SocketPath}",
        $"abstract={Token}", $"port={((IPEndPoint)_port.LocalEndpoint).Port}", $"fifo={Fifo}", $"token={Token}", $"shm={0x41535359}",
        $"view={(hasView ? "yes" : "no")}",
    ];

    /// <summary>The state now; the same as before when nothing got out.</summary>
    public string State()
    {
        var text = new StringBuilder();
        foreach (var path in new[] { Secret, _shared, "/usr/bin/env", "/etc/passwd" })
        {
            text.AppendLine($"{path} {File.GetUnixFileMode(path)} {File.GetLastWriteTimeUtc(path):O} {new FileInfo(path).Length}");
        }

        text.AppendJoin('\n', Directory.EnumerateFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal)).AppendLine();
        text.AppendLine(_victim.HasExited ? "ended" : Facts(_victim.Id));
        return text.ToString();
    }

    /// <summary>Processes under a name that only the attacker's daemon has.</summary>
    public IReadOnlyList<string> Daemons() =>
        [.. Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)).Where(p => Read(p + "/cmdline").StartsWith(Token, StringComparison.Ordinal))];

    public void Dispose()
    {
        _victim.Kill();
        _victim.Dispose();
        _port.Dispose();
        _path.Dispose();
        _datagrams.Dispose();
        _abstract.Dispose();
        File.Delete(_shared);
        _folder.Dispose();
    }

    private static string Facts(int pid)
    {
        var stat = Read($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return $"nice {fields[16]} {Read($"/proc/{pid}/limits")} {Read($"/proc/{pid}/oom_score_adj")}";
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static void Shell(string script)
    {
        using var shell = Process.Start("/bin/sh", ["-c", script]);
        shell.WaitForExit();
    }
}
