namespace Assay.Engine.Runner.Sandbox;

/// <summary>What every caged program may read of the system (cage.md, "/etc"): programs, and settings, but no private keys.</summary>
internal static class SystemPaths
{
    /// <summary>Programs and libraries. On a merged system all but the first are links into it.</summary>
    public static readonly string[] Programs = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    /// <summary>Devices that hold nothing.</summary>
    public static readonly string[] Devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

    /// <summary>What runtimes ask about processors and memory.</summary>
    public static readonly string[] Hardware = ["/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm"];

    private static readonly string[] Settings =
    [
        "passwd", "group", "nsswitch.conf", "hosts", "host.conf", "gai.conf", "resolv.conf", "services", "protocols", "localtime", "timezone",
        "os-release", "debian_version", "ld.so.*", "ssl/certs", "ssl/openssl.cnf", "ca-certificates*", "pki/tls/certs", "pki/ca-trust",
        "crypto-policies", "alternatives", "java-*", "dotnet", "fonts", "gitconfig", "mime.types", "locale.alias", "default/locale", "inputrc", "terminfo", "magic", "perl", "python3*", "bash.bashrc", "profile",
    ];

    private static (long Stamp, string[] Paths) _etc = (0, []);

    /// <summary>
    /// The settings that are there, as absolute paths; what a link leads to is meant, not the link. Looked for anew when /etc changes.
    /// </summary>
    public static IReadOnlyList<string> Etc()
    {
        var stamp = Directory.GetLastWriteTimeUtc("/etc").Ticks;
        var known = _etc;
        if (known.Stamp == stamp) return known.Paths;
        string[] found = [.. Settings.SelectMany(Find).Where(Path.Exists)];
        _etc = (stamp, found);
        return found;
    }

    /// <summary>Whether a folder at the top belongs to the system's part of a view.</summary>
    public static bool IsSystem(string top) => top is "/etc" or "/dev" or "/sys" or "/proc" || Programs.Contains(top, StringComparer.Ordinal);

    /// <summary>Whether a path is readable for everybody in the cage anyway.</summary>
    public static bool Holds(string path) => Programs.Any(p => MountOrder.IsBelow(path, p));

    private static IEnumerable<string> Find(string name)
    {
        var path = Path.Combine("/etc", name);
        return name.Contains('*', StringComparison.Ordinal) && Directory.Exists("/etc") ? Directory.EnumerateFileSystemEntries("/etc", name) : [path];
    }
}
