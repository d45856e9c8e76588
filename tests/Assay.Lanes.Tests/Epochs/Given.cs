using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Tests.Epochs;

/// <summary>Epochs, crucibles and outcomes for pure tests.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = Played.Now;

    public static EpochDeclared Epoch(int crucibles, EpochProfile profile = EpochProfile.Coverage, RunnerTemplate template = RunnerTemplate.ExitCodeV1) => new()
    {
        EpochId = "E",
        EpochHash = Digest.Of("e"),
        PlanSha256 = Digest.Of("p"),
        Mode = EpochMode.Normal,
        Plan = JsonDocument.Parse("{}").RootElement,
        Profile = profile,
        KernelTarget = "TARGET",
        Seed = 7,
        WallClockMs = 60_000,
        RequiredMilestones = [],
        Template = template,
        Args = [],
        Inherit = [],
        CruciblesTotal = crucibles,
        Host = new HostEnforcement("test", "none", "here", "none"),
    };

    public static CrucibleDeclared Crucible(int index, CrucibleExpectations? expect = null, bool retrySafe = false) => new()
    {
        Index = index,
        Spec = $"c{index}.json",
        Folder = "/plan",
        CrucibleSha256 = Digest.Of($"c{index}"),
        RunSha256 = Digest.Of($"r{index}"),
        Inputs = [],
        Caps = new ProcessCaps { TimeMs = 1000, KillMs = 1500, StdoutBytes = 10, StderrBytes = 10 },
        Crucible = new Crucible
        {
            SchemaVersion = Lanes.Epochs.Crucible.Version,
            CrucibleId = $"C{index}",
            KernelTargets = ["TARGET"],
            Command = ["./try.sh", "{seed}", "{run_id}"],
            RetrySafe = retrySafe,
            Expect = expect ?? new CrucibleExpectations(),
        },
    };

    public static ProcessOutcome Outcome(int? exitCode = 0, KillReason? killed = null, int? signal = null, string stdout = "", params CollectedFile[] files) => new()
    {
        StartedAt = Now,
        DurationMs = 5,
        CpuTimeMs = 1,
        PeakRssBytes = 1,
        ExitCode = exitCode,
        Signal = signal,
        KillReason = killed,
        RunRoot = "c019_runs/TARGET/x",
        RunRootPresent = true,
        Stdout = new Captured("out", stdout.Length, Digest.Of(stdout), Truncated: false),
        Stderr = new Captured("err", 0, Digest.Of(""), Truncated: false),
        Files = [.. files],
        Caps = NoCaps.InForce,
    };

    public static Dictionary<string, ReadOnlyMemory<byte>> Evidence(params (string Name, string Text)[] files) =>
        files.ToDictionary(f => f.Name, f => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(f.Text), StringComparer.Ordinal);

    public static LaneFold Running(EpochDeclared epoch, params CrucibleDeclared[] crucibles) =>
        LaneFold.Of(EpochLane.Instance).After([epoch, .. crucibles]);

    public static CrucibleFinished Finished(int index, bool passed, bool evidenceMissing = false) =>
        new($"C{index}", passed ? CrucibleOutcome.Pass : CrucibleOutcome.FailClosed, [], evidenceMissing, null);

    public static ImmutableArray<string> Ids(IEnumerable<Effect> effects) => [.. effects.Select(e => e.Id)];
}
