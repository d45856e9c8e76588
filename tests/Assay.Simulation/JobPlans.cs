using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;

namespace Assay.Simulation;

/// <summary>Random jobs, and how their stages end.</summary>
internal static class JobPlans
{
    public const string JobId = "0123456789ab";

    public static readonly Actor Somebody = new("ada", "cli");

    private static readonly Dictionary<string, string> Documents = new(StringComparer.Ordinal)
    {
        ["blueprint"] = """{"schema_version":"blueprint_v1","title":"b","strategy":{}}""",
        ["strategy_spec"] = """{"schema_version":"strategy_spec_v1","title":"s","strategy":{}}""",
        ["runspec"] = """{"schema_version":"runspec_v1","strategy":{},"segments":{"list":[{"segment_id":"held","holdout":true}]}}""",
        ["trace_preview"] = """{"schema_version":"trace_preview_v1","columns":["a"],"rows":[]}""",
        ["holdout_results"] = """{"schema_version":"holdout_results_v1","gates":[{"gate_id":"h","segment_id":"held","status":"PASS"}]}""",
        ["gate_results"] = """{"schema_version":"gate_results_v1","gates":[{"gate_id":"g","status":"PASS","metric":"m","operator":">","threshold":1}]}""",
        ["report"] = """{"schema_version":"report_v1","title":"r","sections":[{"heading":"h","text":"t"}]}""",
        ["improvements"] = """{"schema_version":"improvements_v1","proposals":[{"proposal_id":"a","title":"a","blueprint":{"schema_version":"blueprint_v1","title":"a","strategy":{}}},{"proposal_id":"b","title":"b","blueprint":{"schema_version":"blueprint_v1","title":"c","strategy":{}}}]}""",
    };

    public static JobSubmitted Draw(Random random)
    {
        var kind = random.Next(2) == 0 ? JobKind.Blueprint : JobKind.Idea;
        DocumentRef Given(string name) => new(name, 1, $"{name}.json", Digest.Of(name), 1, $"{name}_v1");
        var job = new JobDeclaration
        {
            JobId = JobId,
            Kind = kind,
            SpecSha256 = Digest.Of("spec"),
            Spec = Given("job_spec"),
            Input = Given(kind == JobKind.Blueprint ? "blueprint" : "idea_spec"),
            Title = "simulated",
            SnapshotId = "s",
            Bundle = new PolicyBundleRef("/p", "p", Digest.Of("p")),
            Policies = Given("policies") with { Path = "" },
            Budget = new JobBudget
            {
                MaxSpawnPerJob = random.Next(3) == 0 ? 1 : null,
                MaxCost = random.Next(3) == 0 ? new Usd(200) : null,
                MaxWallClockMs = random.Next(4) == 0 ? 3_000 : null,
            },
            PolicyNames = [],
            HoldoutMetrics = [],
            HoldoutGates = [new HoldoutGate("h", "m", ">", 1)],
            Components = JobStages.All.Where(s => s.Stage != JobStages.Improvements || random.Next(2) == 0)
                .ToImmutableSortedDictionary(s => s.Stage, s => Component(s, random), StringComparer.Ordinal),
            Lineage = JobLineage.Root,
        };
        return kind == JobKind.Blueprint ? new BlueprintSubmitted(job, Somebody) : new IdeaSubmitted(job, Somebody);
    }

    /// <summary>Another document of a kind, for a replacement.</summary>
    public static byte[] Another(string document, int number) =>
        Encoding.UTF8.GetBytes(Documents[document].Replace("{}", $$"""{"n":{{number}}}""", StringComparison.Ordinal));

    public static (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>) Outcome(Effect effect, DateTimeOffset now, bool wasEnded, Random random) => effect switch
    {
        RunProcess run => Stage(run, now, wasEnded, random),
        ChildStream { Command: DeclareDossier declare } told => Run(told, declare.Run, wasEnded, random),
        _ => throw new InvalidOperationException($"a job asks for no {effect}"),
    };

    private static ComponentBinding Component(StageKind stage, Random random) => new()
    {
        Command = ["/bin/x"],
        Pinned = [],
        Caps = new ProcessCaps { TimeMs = 1000, KillMs = 1500, StdoutBytes = 10, StderrBytes = 10 },
        Sandbox = SandboxLevel.Strict,
        RetrySafe = random.Next(2) == 0,
        Inherit = [],
        Sha256 = Digest.Of(stage.Stage),
    };

    private static (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>) Stage(RunProcess run, DateTimeOffset now, bool wasEnded, Random random)
    {
        var outcome = FakeOutcomes.Run(run, now, random);
        var cost = random.Next(80);
        if (run.Meter?.Max < new Usd(cost)) outcome = outcome with { ExitCode = null, Signal = 9, KillReason = KillReason.CostLimit };
        if (wasEnded) outcome = outcome with { ExitCode = null, Signal = 15, KillReason = KillReason.Cancelled };
        var name = run.Collect[0].Name;
        var document = Path.GetFileNameWithoutExtension(name);
        var text = random.Next(10) == 0 ? "{}" : document == "registry_card" ? Card(run) : Documents[document];
        var bytes = Encoding.UTF8.GetBytes(text);
        outcome = outcome with { Cost = new Usd(cost), Files = [new CollectedFile(name, bytes.Length, Digest.Of(bytes), null)] };
        return (outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty.Add(name, bytes));
    }

    /// <summary>The card names the run that the stage's input names.</summary>
    private static string Card(RunProcess run)
    {
        using var input = System.Text.Json.JsonDocument.Parse(run.Texts[StageProcess.InputFile]);
        return $$"""{"schema_version":"registry_card_v1","title":"c","run_id":"{{input.RootElement.GetProperty("run_id").GetString()}}"}""";
    }

    private static (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>) Run(ChildStream told, DossierDeclared run, bool wasEnded, Random random)
    {
        var end = wasEnded ? DossierEnd.Cancelled : random.Next(8) switch { 0 => DossierEnd.Failed, 1 => DossierEnd.StoppedBudget, _ => DossierEnd.Completed };
        var rule = end == DossierEnd.Completed ? null : BudgetRule.WallClock;
        var manifest = DossierManifest.Of(run, [new DossierFile("segments/held/metrics.json", Digest.Of("h"), 1)]).Bytes();
        var answer = new DossierAnswer(end, rule, rule is null ? null : "simulated", IsOwn: random.Next(4) > 0, default, random.Next(1000)) { Document = manifest };
        return (new AnswerOutcome(told.Stream, answer), FakeOutcomes.NoEvidence);
    }
}
