using System.Runtime.InteropServices;
using System.Text;
using Assay.Engine.Workspaces;
using Assay.Native;

namespace Assay.Access;

/// <summary>
/// Whether a process is work that Assay runs, or was started by such work. Caged work cannot reach the workspace at all; this is the check
/// for work that was declared to run without a cage, also for what it left behind with an empty environment (cage.md, "Approving").
/// </summary>
internal static class WorkOfAssay
{
    private const string Mark = "ASSAY_ATTEMPT=";

    /// <summary>
    /// True when the process or one that it descends from carries the mark of an attempt, is an engine, of whatever workspace, stands in a cgroup
    /// of Assay's, or when a Landlock domain stands between this process and its ancestors, as it does between work and its engine.
    /// </summary>
    /// <param name="pid">The process.</param>
    /// <param name="relays">Whether it asks over a connection, which an engine does only in the place of work (<c>hosts:</c>).</param>
    public static bool Is(int pid, bool relays)
    {
        if (StandsInCgroup(pid) || (relays && pid != Environment.ProcessId && IsEngine(pid))) return true;
        for (var at = pid; at > 1; at = ParentOf(at))
        {
            if (HasMark(at) || (at != pid && (IsEngine(at) || (pid == Environment.ProcessId && IsOutOfReach(at))))) return true;
        }

        return false;
    }

    /// <summary>An engine takes in what its work leaves behind, so it is the parent of what has left everything else. Names of threads are for all to see.</summary>
    private static bool IsEngine(int pid)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{pid}/task").Any(thread => Text($"{thread}/comm").TrimEnd() == EngineSession.ThreadName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool HasMark(int pid) => Text($"/proc/{pid}/environ").Split('\0').Any(v => v.StartsWith(Mark, StringComparison.Ordinal));

    /// <summary>Assay's cgroups are named after the engine that made them: its id, when it started, and so on.</summary>
    private static bool StandsInCgroup(int pid)
    {
        foreach (var line in Text($"/proc/{pid}/cgroup").Split('\n'))
        {
            var names = line.Split('/');
            for (var i = 1; i < names.Length; i++)
            {
                if (names[i - 1] == "assay" && names[i].Split('-') is [var owner, var started, _, ..] && IsNumber(owner) && IsNumber(started)) return true;
            }
        }

        return false;
    }

    private static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    /// <summary>Whether a process of the same user cannot be sent a signal, which only a domain in between can be the reason of.</summary>
    private static bool IsOutOfReach(int pid)
    {
        if (UserOf(pid) != Libc.GetEUid() || Libc.Kill(pid, 0) == 0) return false;
        return Marshal.GetLastPInvokeError() == Libc.EPERM;
    }

    private static long UserOf(int pid)
    {
        const string field = "Uid:";
        var line = Text($"/proc/{pid}/status").Split('\n').FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line is not null && long.TryParse(line[field.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)[0], out var user)
            ? user
            : -1;
    }

    private static int ParentOf(int pid)
    {
        var stat = Text($"/proc/{pid}/stat");
        return stat.LastIndexOf(')') is > 0 and var end && int.TryParse(stat[(end + 2)..].Split(' ')[1], out var parent) ? parent : 0;
    }

    /// <summary>What /proc shows of a process; empty where that is not to be had.</summary>
    private static string Text(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
