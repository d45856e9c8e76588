using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;

namespace Assay.Simulation;

/// <summary>The life of one dossier whose program ends as chance has it, and that is cancelled and asked for again now and then.</summary>
internal static class DossierLife
{
    private static readonly StreamName Stream = DossierLane.StreamOf(JobPlans.JobId);
    private static readonly byte[] Metrics = Encoding.UTF8.GetBytes("""{"schema_version":"metrics_v1","metrics":{"sharpe":1.5}}""");

    /// <summary>Lives it until it comes to rest for the second time.</summary>
    public static World Live(int seed)
    {
        var random = new Random(seed);
        var world = new World(random, (effect, now, wasEnded) => Outcome(effect, now, wasEnded, random));
        var declare = new DeclareDossier(new DossierDeclared
        {
            RunId = JobPlans.JobId,
            RunSha256 = Digest.Of("run"),
            JobId = JobPlans.JobId,
            Runspec = new DocumentRef("runspec", 1, "outputs/runspec.json", Digest.Of("r"), 1, "runspec_v1"),
            SnapshotId = "s",
            Component = JobPlans.Draw(random).Job.Components[JobStages.Run],
            Segments = [],
            HoldoutMetrics = [],
        });
        for (var time = 0; time < 2; time++)
        {
            world.Submit(Stream, declare);
            var engine = SimulatedEngine.Start(world, DossierLane.Instance, Stream, time + 1, random);
            for (var steps = random.Next(8); steps > 0; steps--) engine.Step();
            if (random.Next(3) == 0) world.Submit(Stream, new Cancel("signal"));
            world.Drive(Stream);
        }

        return world;
    }

    private static (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>) Outcome(
        Effect effect, DateTimeOffset now, bool wasEnded, Random random)
    {
        var file = new CollectedFile(DossierLayout.Metrics, Metrics.Length, Digest.Of(Metrics), null);
        if (effect is not RunProcess run) return (new FilesOutcome([file], Complete: true), FakeOutcomes.NoEvidence);
        var name = $"{StageProcess.OutputFolder}/{DossierLayout.Metrics}";
        var outcome = FakeOutcomes.Run(run, now, random) with { Files = [file with { Name = name }], Listed = [file] };
        if (wasEnded) outcome = outcome with { ExitCode = null, Signal = 15, KillReason = KillReason.Cancelled };
        return (outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty.Add(name, Metrics));
    }
}
