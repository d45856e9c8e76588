using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Simulation;

/// <summary>Epochs that no document describes: drawn from a seed.</summary>
internal static class EpochPlans
{
    private static readonly ProcessCaps Caps = new() { TimeMs = 1000, KillMs = 1500, StdoutBytes = 1000, StderrBytes = 1000 };

    public static (EpochDeclared Epoch, ImmutableArray<CrucibleDeclared> Crucibles) Draw(Random random)
    {
        var count = random.Next(1, 7);
        ImmutableArray<CrucibleDeclared> crucibles = [.. Enumerable.Range(0, count).Select(i => Crucible(i, random))];
        var profiles = Enum.GetValues<EpochProfile>();
        var epoch = new EpochDeclared
        {
            EpochId = "E",
            EpochHash = Digest.Of("epoch"),
            PlanSha256 = Digest.Of("plan"),
            Mode = (EpochMode)random.Next(3),
            Plan = JsonDocument.Parse("{}").RootElement,
            Profile = profiles[random.Next(profiles.Length)],
            KernelTarget = "T",
            Seed = 7,
            WallClockMs = random.Next(3) == 0 ? 3_000 : 600_000,
            MaxFailures = random.Next(3) switch { 0 => null, var n => n - 1 },
            RequiredMilestones = random.Next(3) == 0 ? [crucibles[0].CrucibleId] : [],
            Template = RunnerTemplate.ExitCodeV1,
            Args = [],
            Inherit = [],
            CruciblesTotal = count,
            Host = new HostEnforcement("simulated", "none", "here", "none"),
        };
        return (epoch, crucibles);
    }

    private static CrucibleDeclared Crucible(int index, Random random) => new()
    {
        Index = index,
        Spec = $"c{index}.json",
        Folder = "/plan",
        Crucible = new Crucible
        {
            SchemaVersion = Lanes.Epochs.Crucible.Version,
            CrucibleId = $"C{index}",
            KernelTargets = ["T"],
            Command = ["true"],
            RetrySafe = random.Next(2) == 0,
            Expect = new CrucibleExpectations { ReplayVerification = random.Next(4) == 0 ? ReplayVerification.RequiredPass : ReplayVerification.NotRequired },
        },
        CrucibleSha256 = Digest.Of($"spec {index}"),
        RunSha256 = Digest.Of($"run {index}"),
        Inputs = [],
        Caps = Caps,
    };
}
