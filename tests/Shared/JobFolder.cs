using System.Text.Json;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>A folder with policies, a blueprint, an idea, and components that are one shell script. Everything can be changed before it is used.</summary>
internal sealed class JobFolder : IDisposable
{
    public const string Snapshot = "snap_1";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly (string Stage, string Contract)[] Stages =
    [
        ("intent", "blueprint_v1"), ("strategy_spec", "strategy_spec_v1"), ("compile", "runspec_v1"), ("trace_preview", "trace_preview_v1"), ("run", "metrics_v1"),
        ("gates", "gate_results_v1"), ("registry", "registry_card_v1"), ("report", "report_v1"), ("improvements", "improvements_v1"),
    ];

    /// <summary>What each stage leaves. The hold-out's figure is a number that appears nowhere else.</summary>
    private const string Script = """
        #!/bin/sh
        set -eu
        cd "$ASSAY_STAGE_OUTPUT"
        [ -z "${COUNT:-}" ] || { echo "$ASSAY_STAGE" >> "$COUNT"; } 2> /dev/null || true
        [ -z "${SLOW:-}" ] || sleep "$SLOW"
        blueprint='{"schema_version":"blueprint_v1","title":"proposed <b>title</b>","strategy":{"top":2}}'
        metrics='{"schema_version":"metrics_v1","metrics":{"sharpe":1.5,"months":24}}'
        case $ASSAY_STAGE in
          intent) echo "$blueprint" > blueprint.json ;;
          strategy_spec) echo '{"schema_version":"strategy_spec_v1","title":"spec","strategy":{"top":2}}' > strategy_spec.json ;;
          compile) echo '{"schema_version":"runspec_v1","strategy":{"top":2},"segments":{"list":[{"segment_id":"walk"},{"segment_id":"held","holdout":true}]}}' > runspec.json ;;
          trace_preview) echo '{"schema_version":"trace_preview_v1","columns":["month"],"rows":[["2003-01"]]}' > trace_preview.json ;;
          run)
            mkdir -p segments/walk segments/held
            echo "$metrics" > metrics.json; echo "$metrics" > segments/walk/metrics.json
            printf 'month,value\n2003-01,1\n2003-02,1.25\n2003-03,1.1\n' > segments/walk/curve.csv
            echo month > segments/walk/trades.csv
            echo '{"schema_version":"metrics_v1","metrics":{"sharpe":0.7654321,"months":15}}' > segments/held/metrics.json
            echo '{"schema_version":"segments_summary_v1","segments":[{"segment_id":"walk","metrics":{"sharpe":1.5}},{"segment_id":"held","holdout":true,"metrics":{"months":15}}]}' > segments_summary.json ;;
          holdout)
            grep -q 0.7654321 "${ASSAY_STAGE_INPUT%/*}/inputs/dossier/segments/held/metrics.json"
            echo '{"schema_version":"holdout_results_v1","gates":[{"gate_id":"held","segment_id":"held","status":"PASS"}]}' > holdout_results.json ;;
          gates)
            echo '{"schema_version":"gate_results_v1","gates":[{"gate_id":"good","status":"PASS","metric":"sharpe","operator":">=","threshold":1,"value":1.5}]}' > gate_results.json ;;
          registry)
            run_id=$(sed -n 's/.*"run_id":"\([0-9a-f]*\)".*/\1/p' "$ASSAY_STAGE_INPUT")
            echo "{\"schema_version\":\"registry_card_v1\",\"title\":\"card\",\"run_id\":\"$run_id\"}" > registry_card.json ;;
          report) echo '{"schema_version":"report_v1","title":"The report","sections":[{"heading":"What","text":"It was tried."}]}' > report.json ;;
          improvements) echo '{"schema_version":"improvements_v1","proposals":[{"proposal_id":"wider","title":"Three","blueprint":{"schema_version":"blueprint_v1","title":"child","strategy":{"top":3}}}]}' > improvements.json ;;
        esac
        """;

    private readonly TemporaryFolder _folder = new();

    public JobFolder()
    {
        foreach (var (stage, contract) in Stages)
        {
            Components[stage] = new JsonObject
            {
                ["command"] = new JsonArray("./stage.sh"),
                ["input_contract"] = "stage_input_v1",
                ["output_contract"] = contract,
                ["budgets"] = new JsonObject { ["time_ms"] = 10_000, ["memory_mb"] = 256 },
                ["sandbox"] = "none",
                ["retry_safe"] = true,
                ["env"] = new JsonArray("COUNT", "SLOW"),
            };
        }

        Components["gates"]!["sandbox"] = "strict";
        Components["gates"]!["holdout_command"] = new JsonArray("./stage.sh");
        WriteScript(Script);
    }

    /// <summary>One whose components are all caged.</summary>
    public static JobFolder Strict()
    {
        var folder = new JobFolder();
        foreach (var (_, component) in folder.Components) component!["sandbox"] = "strict";
        return folder;
    }

    public string Path => _folder.Path;

    public JsonObject Components { get; } = [];

    public JsonObject Budget { get; } = [];

    public JsonObject Evaluation { get; } = new()
    {
        ["holdout_metrics"] = new JsonArray("months"),
        ["holdout_gates"] = new JsonArray(new JsonObject { ["gate_id"] = "held", ["metric"] = "sharpe", ["operator"] = ">=", ["threshold"] = 0.5 }),
    };

    public JsonObject Blueprint { get; } = new() { ["schema_version"] = "blueprint_v1", ["title"] = "A test", ["strategy"] = new JsonObject { ["top"] = 2 } };

    public JsonObject Idea { get; } = new() { ["schema_version"] = "idea_spec_v1", ["title"] = "An idea", ["description"] = "Try it." };

    public string Under(params string[] names) => _folder.Under(names);

    public void WriteScript(string text)
    {
        var path = Under("stage.sh");
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Puts a line into the script, before what it does for the stages.</summary>
    public JobFolder Before(string line)
    {
        WriteScript(File.ReadAllText(Under("stage.sh")).Replace("blueprint='", $"{line}\nblueprint='", StringComparison.Ordinal));
        return this;
    }

    /// <summary>Writes all documents.</summary>
    public JobFolder Write()
    {
        Save("components.json", new JsonObject { ["schema_version"] = "components_v1", ["components"] = Components.DeepClone() });
        Save("blueprint.json", Blueprint);
        Save("idea.json", Idea);
        Save("policies.json", new JsonObject
        {
            ["schema_version"] = "policy_bundle_v1",
            ["policy_bundle_id"] = "test_policies",
            ["policies"] = new JsonObject
            {
                ["budget"] = new JsonObject { ["schema_version"] = "budget_policy_v1", ["params"] = Budget.DeepClone() },
                ["evaluation"] = new JsonObject { ["schema_version"] = "evaluation_policy_v1", ["params"] = Evaluation.DeepClone() },
            },
        });
        return this;
    }

    public void Save(string name, JsonNode document) => File.WriteAllText(Under(name), document.ToJsonString(Indented));

    /// <summary>Runs the command line in the folder.</summary>
    public Task<ProgramResult> RunAsync(params string[] arguments) => AssayProgram.RunAsync(Path, arguments);

    public Task<ProgramResult> WorkAsync() => RunAsync("worker", "--run-jobs", "--once");

    /// <summary>Submits the blueprint or the idea, and returns the job's id.</summary>
    public async Task<string> SubmitAsync(string kind = "blueprint")
    {
        var result = await RunAsync("job", $"submit-{kind}", $"{kind}.json", "--snapshot", Snapshot, "--policy-bundle", "policies.json", "--json");
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        return (string)JsonNode.Parse(result.Output)!["job_id"]!;
    }

    /// <summary>Submits the blueprint, and has the job worked on, approved and worked on again; returns its id.</summary>
    public async Task<string> SubmitAndRunAsync()
    {
        var id = await SubmitAsync();
        await WorkAsync();
        await ApproveAsync(id);
        await WorkAsync();
        return id;
    }

    public async Task<JsonNode> ShowAsync(string id) => JsonNode.Parse((await RunAsync("job", "show", id, "--json")).Output)!;

    /// <summary>Approves what the job waits with, and returns the step.</summary>
    public async Task<string> ApproveAsync(string id)
    {
        var waiting = (await ShowAsync(id))["waiting"] ?? throw new InvalidOperationException($"{id} waits for nothing");
        var step = (string)waiting["step"]!;
        var result = await RunAsync("job", "approve", id, "--step", step, "--hash", (string)waiting["sha256"]!, "--reason", "seen");
        Assert.True(result.ExitCode == 0, result.Error);
        return step;
    }

    public string[] Lines(string id) => File.ReadAllLines(Under(".assay", "jobs", id, "events.jsonl"));

    public string[] Types(string id) => [.. Lines(id).Select(l => (string)JsonNode.Parse(l)!["event_type"]!)];

    public void Dispose() => _folder.Dispose();
}
