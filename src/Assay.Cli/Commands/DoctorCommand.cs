using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Engine;
using Assay.Engine.Runner.Containment;
using Assay.Host;

namespace Assay.Cli.Commands;

/// <summary><c>assay doctor</c>: what this host has to hold work with, what each missing thing costs, and whether it is ready.</summary>
internal static class DoctorCommand
{
    /// <summary>Below this many open files, a night with many runs at once may end early.</summary>
    private const long FewDescriptors = 4096;

    public static Command Create(GlobalOptions globals)
    {
        var command = new Command("doctor", "Say what this host can enforce, what is missing, and what that costs");
        command.SetAction(parsed =>
        {
            var host = HostCapabilities.Detect();
            var report = new DoctorReport([.. Caps(host), .. Cage(host), .. Programs(host)]);
            if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(report, DoctorJson.Default.DoctorReport));
            else Print(report);
            return report.Missing == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static IEnumerable<DoctorFinding> Caps(HostCapabilities host)
    {
        var (memory, processes, cpu) = host.Containment switch
        {
            ContainmentMode.CgroupV2 => ("cgroup v2 memory.max", "cgroup v2 pids.max", "cgroup v2 cpu.stat, rlimit"),
            ContainmentMode.CgroupV1 => ("cgroup v1 memory", "cgroup v1 pids", "cgroup v1 cpuacct, rlimit"),
            ContainmentMode.ProcessTree => ("/proc, RLIMIT_DATA per process", "/proc", "/proc, rlimit"),
            var mode => throw new InvalidOperationException($"unknown containment {mode}"),
        };
        var kernel = host.KernelCaps ? "kernel" : "polled";
        const string cost = "short excesses are possible, and what no process has mapped is not seen; as root or in a delegated cgroup (systemd-run --user --scope -p Delegate=yes assay …) the kernel holds it";
        yield return new DoctorFinding("wall clock", "polled", "monotonic clock, SIGTERM then SIGKILL");
        yield return new DoctorFinding("memory", kernel, memory, host.KernelCaps ? null : cost);
        yield return new DoctorFinding("processes", kernel, processes, host.KernelCaps ? null : cost);
        yield return new DoctorFinding("cpu time", "polled", cpu);
        yield return new DoctorFinding("stdout, stderr", "polled", "the pipe is read up to the cap, then the process is ended");
        yield return new DoctorFinding("disk", "polled", "blocks of what it may write and of its open files, RLIMIT_FSIZE per file");
    }

    private static IEnumerable<DoctorFinding> Cage(HostCapabilities host)
    {
        yield return new DoctorFinding("kernel", "yes", Environment.OSVersion.VersionString);
        yield return host.SandboxProblem is { } problem
            ? new DoctorFinding("cage", "MISSING", "none", problem, IsMissing: true)
            : new DoctorFinding("cage", "yes", host.Sandbox);
        yield return Feature("landlock", host.LandlockAbi > 0, $"version {host.LandlockAbi}", "contents can be held in a view only: as root, or with bubblewrap");
        yield return Feature("seccomp", host.HasSeccomp, "filter", "work cannot be caged without it");
        if (host.ViewProblem is { } noView)
        {
            var hasBubblewrap = host.BubblewrapProblem is null;
            yield return new DoctorFinding(
                "namespaces", hasBubblewrap ? "yes" : "no", hasBubblewrap ? "bubblewrap's" : "none",
                hasBubblewrap ? null : $"{noView}: existence and metadata of files are not held");
            yield return Feature("bubblewrap", hasBubblewrap, host.Sandbox, $"{host.BubblewrapProblem}; with it a user's work gets a view and a loopback of its own");
        }
        else
        {
            yield return new DoctorFinding("namespaces", "yes", "mount, network, ipc, uts");
        }

        yield return Feature("hosts by name", host.HostsProblem is null, "a network of a run's own, with a gate", $"documents that list hosts, and agents, are refused: {host.HostsProblem}");
        yield return Feature("signals", host.KeepsSignals, "kept inside a run", "signals open: work of the same user can be signalled; Linux 6.12 keeps them inside");
        yield return Feature("end with engine", host.EndsWithEngine, "watcher in the engine's domain", "what a killed engine leaves is ended by the next command");
    }

    private static IEnumerable<DoctorFinding> Programs(HostCapabilities host)
    {
        yield return host.Git is not { } git
            ? new DoctorFinding("git", "MISSING", "none", "tasks with a working tree need it: apt-get install git", IsMissing: true)
            : new DoctorFinding("git", "yes", git);
        var (soft, hard) = OpenFiles.Limits();
        yield return soft >= FewDescriptors
            ? new DoctorFinding("open files", "yes", $"{soft} (at most {hard})")
            : new DoctorFinding("open files", "few", $"{soft} (at most {hard})", "many runs at once may meet the limit: ulimit -n 65536");
    }

    private static DoctorFinding Feature(string name, bool isThere, string what, string cost) =>
        isThere ? new DoctorFinding(name, "yes", what) : new DoctorFinding(name, "no", "none", cost);

    private static void Print(DoctorReport report)
    {
        Console.Out.WriteLine($"{"WHAT",-18}{"HELD",-10}BY");
        foreach (var finding in report.Findings)
        {
            Console.Out.WriteLine($"{finding.What,-18}{finding.Held,-10}{finding.By}");
            if (finding.Cost is { } cost) Console.Out.WriteLine($"{"",-28}{cost}");
        }

        Console.Out.WriteLine();
        Console.Out.WriteLine(report.Missing == 0 ? "ready" : $"missing {report.Missing}");
    }
}

/// <summary>All that the doctor found. Missing is what no work can do without.</summary>
internal sealed record DoctorReport(IReadOnlyList<DoctorFinding> Findings)
{
    public int Missing => Findings.Count(f => f.IsMissing);

    public bool Ready => Missing == 0;
}

/// <summary>One line of the doctor's report.</summary>
/// <param name="What">A cap, or a part of the cage.</param>
/// <param name="Held">kernel, polled, yes, no, few or MISSING.</param>
/// <param name="By">The mechanism.</param>
/// <param name="Cost">What is lost without it, and how to get it; null when nothing is.</param>
/// <param name="IsMissing">Whether Assay cannot do its work without it.</param>
internal sealed record DoctorFinding(string What, string Held, string By, string? Cost = null, bool IsMissing = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
