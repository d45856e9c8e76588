namespace Assay.Tests.Cage;

/// <summary>The kinds of hosts and users of the table in docs/cage.md, each made of this one. All need root, to become the others.</summary>
public static class CageHosts
{
    /// <summary>Root with everything.</summary>
    public const string Root = "root";

    /// <summary>Root where no cgroup can be seen.</summary>
    public const string RootWithoutCgroups = "root without cgroups";

    /// <summary>Root as in a default container.</summary>
    public const string RootWithoutSysAdmin = "root without CAP_SYS_ADMIN";

    /// <summary>A user without rights, and no package.</summary>
    public const string User = "user";

    /// <summary>A user without rights, and bubblewrap.</summary>
    public const string UserWithBubblewrap = "user with bubblewrap";

    public static readonly string[] All = [Root, RootWithoutCgroups, RootWithoutSysAdmin, User, UserWithBubblewrap];

    private const string BecomeNobody = "exec setpriv --reuid nobody --regid nogroup --clear-groups";

    /// <summary>Whether runs see a file system of their own there.</summary>
    public static bool HasView(string host) => host is Root or RootWithoutCgroups or UserWithBubblewrap;

    /// <summary>Whether what runs may reach can be listed by name there.</summary>
    public static bool CanNameHosts(string host) => host is Root or RootWithoutCgroups or UserWithBubblewrap;

    /// <summary>Why a host cannot be made here; null when it can.</summary>
    public static string? Missing(string host)
    {
        if (Environment.UserName != "root") return "needs root, to become other users and to hide parts of the host";
        return host == UserWithBubblewrap && !File.Exists("/usr/bin/bwrap") ? "apt-get install bubblewrap" : null;
    }

    /// <summary>Words that go before a command to run it on such a host.</summary>
    public static IReadOnlyList<string> Prefix(string host)
    {
        const string hideBubblewrap = "if [ -e /usr/bin/bwrap ]; then mount --bind /dev/null /usr/bin/bwrap; fi; ";
        var script = host switch
        {
            Root => "exec",
            RootWithoutCgroups => "mount -t tmpfs none /sys/fs/cgroup; exec",
            RootWithoutSysAdmin => hideBubblewrap + "exec setpriv --bounding-set=-sys_admin --inh-caps=-all",
            User => hideBubblewrap + BecomeNobody,
            UserWithBubblewrap => BecomeNobody,
            _ => throw new ArgumentOutOfRangeException(nameof(host), host, null),
        };
        return ["unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script + " \"$@\"", "sh"];
    }
}
