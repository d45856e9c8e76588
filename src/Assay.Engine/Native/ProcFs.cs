using System.Globalization;
using Assay.Native;

namespace Assay.Engine.Native;

/// <summary>What /proc says of processes.</summary>
internal static class ProcFs
{
    /// <summary>One line of /proc/PID/stat (proc(5)).</summary>
    /// <param name="Pid">Process id.</param>
    /// <param name="State">R, S, D, Z …</param>
    /// <param name="Parent">Parent's id.</param>
    /// <param name="Group">Process group.</param>
    /// <param name="Session">Session.</param>
    /// <param name="CpuTicks">User and system time in clock ticks.</param>
    /// <param name="StartTicks">Start time since boot in clock ticks.</param>
    /// <param name="RssPages">Resident pages.</param>
    /// <param name="Flags">PF_* of the kernel.</param>
    public readonly record struct Stat(int Pid, char State, int Parent, int Group, int Session, long CpuTicks, long StartTicks, long RssPages, long Flags)
    {
        private const long Exiting = 4;

        /// <summary>Whether it has ended, or is just doing so and runs nothing of its own any more.</summary>
        public bool HasEnded => State is 'Z' or 'X' || (Flags & Exiting) != 0;
    }

    /// <summary>More than the line ever has: 52 numbers of at most 20 digits, and a name of at most 64 bytes.</summary>
    private const int MostBytesOfStat = 2048;

    private const int LastField = 24;

    private static readonly ControlFile? MainThreadChildren =
        ControlFile.TryOpen($"/proc/self/task/{Environment.ProcessId}/children", Libc.O_RDONLY);

    /// <summary>Clock ticks a second; 100 on every Linux that .NET runs on.</summary>
    public const int TicksPerSecond = 100;

    /// <summary>The process's line, or null when it is gone.</summary>
    /// <remarks>Where a process may leave others behind, all processes of the host are read, several times: this allocates little.</remarks>
    public static unsafe Stat? Read(int pid)
    {
        var descriptor = Libc.Open($"/proc/{pid}/stat", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (descriptor < 0) return null;
        var line = stackalloc byte[MostBytesOfStat];
        var length = (int)Libc.Read(descriptor, line, MostBytesOfStat);
        _ = Libc.Close(descriptor);
        return length <= 0 ? null : Parse(new ReadOnlySpan<byte>(line, length));
    }

    /// <summary>All processes.</summary>
    public static IEnumerable<Stat> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Read(pid) is { } stat) yield return stat;
        }
    }

    /// <summary>The threads of the whole host, which one short file tells (proc_loadavg(5)).</summary>
    public static long ThreadsOfHost()
    {
        var tasks = File.ReadAllText("/proc/loadavg").Split(' ')[3];
        return long.Parse(tasks.AsSpan(tasks.IndexOf('/', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
    }

    /// <summary>The threads of all processes of this user.</summary>
    public static long ThreadsOfUser()
    {
        var user = $"Uid:\t{Libc.GetEUid().ToString(CultureInfo.InvariantCulture)}\t";
        return Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(Path.GetFileName(p)[0])).Sum(p => Threads(p, user));
    }

    private static long Threads(string process, string user)
    {
        const string field = "Threads:";
        try
        {
            var lines = File.ReadAllLines(process + "/status");
            if (!Array.Exists(lines, l => l.StartsWith(user, StringComparison.Ordinal))) return 0;
            return long.Parse(Array.Find(lines, l => l.StartsWith(field, StringComparison.Ordinal)).AsSpan(field.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Whether the environment a process was started with holds a <c>NAME=value</c>. False when it cannot be read.</summary>
    public static bool HasVariable(int pid, string assignment)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Split('\0').Contains(assignment, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// Children that were left to this process as subreaper: those of its main thread, which starts none of its own. Empty where the kernel
    /// does not tell.
    /// </summary>
    public static IReadOnlyList<int> Adopted()
    {
        var text = MainThreadChildren?.ReadText() ?? "";
        return text.Length == 0 ? [] : [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
    }

    /// <summary>Names the pid namespace of this process.</summary>
    public static string PidNamespace { get; } = new FileInfo("/proc/self/ns/pid").LinkTarget?.Trim('p', 'i', 'd', ':', '[', ']') ?? "";

    /// <summary>The kernel's id of this boot.</summary>
    public static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static Stat Parse(ReadOnlySpan<byte> line)
    {
        // The name in parentheses may hold anything, parentheses and blanks included.
        var pid = int.Parse(line[..(line.IndexOf((byte)'(') - 1)], CultureInfo.InvariantCulture);
        var rest = line[(line.LastIndexOf((byte)')') + 2)..];
        Span<long> fields = stackalloc long[LastField + 1];
        var number = 3;
        foreach (var field in rest.Split((byte)' '))
        {
            if (number > LastField) break;
            if (number > 3) fields[number] = long.Parse(rest[field], CultureInfo.InvariantCulture);
            number++;
        }

        return new Stat(
            pid, (char)rest[0], (int)fields[4], (int)fields[5], (int)fields[6], fields[14] + fields[15], fields[22], fields[24], fields[9]);
    }
}
