using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Engine;
using Assay.Engine.Processes.Containment;

namespace Assay.Cli.Commands;

/// <summary><c>assay doctor</c>: which caps this host can enforce, by which means, and what to install.</summary>
internal static class DoctorCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var command = new Command("doctor", "Say which caps this host can enforce, and what to install");
        command.SetAction(parsed =>
        {
            var host = HostCapabilities.Detect();
            var findings = Findings(host).ToList();
            if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(findings, DoctorJson.Default.ListDoctorFinding));
            else Print(findings);
            return ExitCodes.Done;
        });
        return command;
    }

    private static IEnumerable<DoctorFinding> Findings(HostCapabilities host)
    {
        var (memory, processes, cpu) = host.Containment switch
        {
            ContainmentMode.CgroupV2 => ("cgroup v2 memory.max", "cgroup v2 pids.max", "cgroup v2 cpu.stat, rlimit"),
            ContainmentMode.CgroupV1 => ("cgroup v1 memory", "cgroup v1 pids", "cgroup v1 cpuacct, rlimit"),
            ContainmentMode.ProcessTree => ("/proc, RLIMIT_DATA per process", "/proc, RLIMIT_NPROC unless root", "/proc, rlimit"),
            var mode => throw new InvalidOperationException($"unknown containment {mode}"),
        };
        var kernel = host.KernelCaps ? "kernel" : "polled";
        var advice = host.KernelCaps ? null : "run as root, or in a delegated cgroup: systemd-run --user --scope -p Delegate=yes assay …";
        yield return new DoctorFinding("wall clock", "polled", "monotonic clock, SIGTERM then SIGKILL", null);
        yield return new DoctorFinding("memory", kernel, memory, advice);
        yield return new DoctorFinding("processes", kernel, processes, advice);
        yield return new DoctorFinding("cpu time", "polled", cpu, null);
        yield return new DoctorFinding("stdout, stderr", "polled", "the pipe is read up to the cap, then the process is ended", null);
        yield return new DoctorFinding("disk", "polled", "size of the run root, RLIMIT_FSIZE per file", null);
        yield return new DoctorFinding("sandbox", host.SandboxProblem is null ? "kernel" : "none", host.Sandbox, host.SandboxProblem);
    }

    private static void Print(List<DoctorFinding> findings)
    {
        Console.Out.WriteLine($"{"CAP",-16}{"ENFORCED",-10}BY");
        foreach (var finding in findings)
        {
            Console.Out.WriteLine($"{finding.Cap,-16}{finding.Enforcement,-10}{finding.Mechanism}");
            if (finding.Advice is { } advice) Console.Out.WriteLine($"{"",-26}{advice}");
        }
    }
}

/// <summary>One line of the doctor's report.</summary>
internal sealed record DoctorFinding(string Cap, string Enforcement, string Mechanism, string? Advice);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(List<DoctorFinding>))]
internal sealed partial class DoctorJson : JsonSerializerContext;
