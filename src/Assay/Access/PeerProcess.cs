using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Assay.Engine.Runner.Network;
using Assay.Native;

namespace Assay.Access;

/// <summary>
/// Which processes of this host stand at the other end of a connection, by the kernel's tables of sockets (proc_net_tcp(5)): work that
/// Assay runs may have read a token that it should not have, and must not decide with it.
/// </summary>
internal static class PeerProcess
{
    private const int LocalField = 1;
    private const int RemoteField = 2;
    private const int UserField = 7;
    private const int InodeField = 9;

    /// <summary>The processes behind a connection.</summary>
    /// <param name="client">The client's end.</param>
    /// <param name="server">This server's end.</param>
    public static AskingProcesses Of(IPEndPoint client, IPEndPoint server)
    {
        var (from, to) = (Plain(client), Plain(server));
        foreach (var fields in Sockets(from.AddressFamily))
        {
            if (fields[LocalField] != Hex(from) || fields[RemoteField] != Hex(to)) continue;
            if (fields[InodeField] == "0") return new AskingProcesses([], IsUnknown: true);
            var holders = Holders(fields[InodeField]);

            // Other users' processes can be looked into by root alone, and only root's work can give its socket to another user.
            var isVisible = Libc.GetEUid() == 0 || fields[UserField] == Libc.GetEUid().ToString(CultureInfo.InvariantCulture);
            return new AskingProcesses(holders, IsUnknown: holders.Count == 0 && isVisible) { IsConnected = true, IsWork = RelayedConnections.Holds(from) };
        }

        return IPAddress.IsLoopback(from.Address) ? new AskingProcesses([], IsUnknown: true) : AskingProcesses.Elsewhere;
    }

    private static IPEndPoint Plain(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;

    private static IEnumerable<string[]> Sockets(AddressFamily family)
    {
        foreach (var table in family == AddressFamily.InterNetwork ? new[] { "tcp", "tcp6" } : ["tcp6"])
        {
            if (!File.Exists($"/proc/net/{table}")) continue;
            foreach (var line in File.ReadLines($"/proc/net/{table}").Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length <= InodeField) continue;
                if (table == "tcp6" && family == AddressFamily.InterNetwork)
                {
                    const string mapped = "0000000000000000FFFF0000";
                    (fields[LocalField], fields[RemoteField]) = (Unmapped(fields[LocalField], mapped), Unmapped(fields[RemoteField], mapped));
                }

                yield return fields;
            }
        }
    }

    private static string Unmapped(string end, string prefix) =>
        end.StartsWith(prefix, StringComparison.Ordinal) ? end[prefix.Length..] : end;

    /// <summary>Address and port as the table has them: words of 32 bits in the order of this machine.</summary>
    private static string Hex(IPEndPoint end)
    {
        var bytes = end.Address.GetAddressBytes();
        var words = Enumerable.Range(0, bytes.Length / sizeof(uint)).Select(i => BitConverter.ToUInt32(bytes, i * sizeof(uint)).ToString("X8", CultureInfo.InvariantCulture));
        return $"{string.Concat(words)}:{end.Port.ToString("X4", CultureInfo.InvariantCulture)}";
    }

    private static List<int> Holders(string inode)
    {
        var name = $"socket:[{inode}]";
        var holders = new List<int>();
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Holds(process, name)) holders.Add(pid);
        }

        return holders;
    }

    private static bool Holds(string process, string name)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"{process}/fd").Any(fd => new FileInfo(fd).LinkTarget == name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
