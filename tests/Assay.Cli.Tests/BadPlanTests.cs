using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>Bad input gets one clear error that names file, place and rule; exit code 2; and nothing is left behind.</summary>
public sealed class BadPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Changes => new()
    {
        { "unknown key", "plan.json", "additionalProperties" },
        { "missing key", "plan.json", "required" },
        { "wrong version", "plan.json", "schema_version" },
        { "bad id", "plan.json", "pattern" },
        { "missing crucible file", "plan.json", "path" },
        { "path leaves", "plan.json", "path" },
        { "link leaves", "plan.json", "path" },
        { "absolute path", "plan.json", "path" },
        { "unordered spec", "plan.json", "crucible_order" },
        { "order without spec", "plan.json", "required" },
        { "twice in order", "plan.json", "uniqueItems" },
        { "unknown milestone", "plan.json", "required_milestones" },
        { "budget over cap", "ONE.json", "budget" },
        { "kill before time", "ONE.json", "budget" },
        { "other target", "ONE.json", "kernel_target" },
        { "other crucible id", "ONE.json", "crucible_id" },
        { "missing input", "ONE.json", "path" },
        { "input leaves", "ONE.json", "path" },
        { "missing program", "ONE.json", "program" },
        { "program not executable", "ONE.json", "program" },
        { "outcome without protocol", "ONE.json", "expected_outcome" },
        { "broken json", "plan.json", "syntax" },
        { "duplicate key", "plan.json", "duplicate_key" },
        { "required file leaves", "ONE.json", "path" },
        { "prompt too long", "ONE.json", "maxLength" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_bad_plan_is_refused_with_its_place(string change, string file, string rule)
    {
        var builder = new PlanBuilder(_folder.Under("plan"));
        builder.Add("ONE", "exit 0", crucible => ChangeCrucible(change, crucible));
        ChangePlan(change, builder);
        var path = builder.Write();
        if (change == "broken json") await File.WriteAllTextAsync(path, "{ \"schema_version\": ");
        if (change == "duplicate key") await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("\"seed\": 7", "\"seed\": 7, \"seed\": 8", StringComparison.Ordinal));
        foreach (var command in new[] { "run", "preflight" })
        {
            var result = await AssayProgram.RunAsync(_folder.Path, "epoch", command, path);
            Assert.True(result.ExitCode == 2, $"{result.ExitCode}: {result.Output}{result.Error}");
            Assert.Contains($"[{rule}]", result.Error, StringComparison.Ordinal);
            Assert.Matches($@"{file}:\d+:\d+", result.Error);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
            if (change.EndsWith("leaves", StringComparison.Ordinal) && rule == "path") Assert.Matches("leaves the plan's folder|no path inside the run root", result.Error);
        }

        Assert.False(Directory.Exists(_folder.Under(".assay")), "a refused plan left a workspace behind");
    }

    [Theory]
    [InlineData("epoch", "run", "no-such-plan.yaml")]
    [InlineData("epoch", "run")]
    [InlineData("epoch", "run", "plan.json", "--jobs", "0")]
    [InlineData("epoch", "run", "plan.json", "--jobs", "abc")]
    [InlineData("epoch", "run", "plan.json", "--mode", "careless")]
    [InlineData("epoch", "escalate", "ladder.json", "--max-epochs", "1.5")]
    [InlineData("worker", "--run-jobs", "--jobs", "abc")]
    [InlineData("execute", "--run-id", "r", "--jobs", "99999999999999999999")]
    [InlineData("serve", "--write-rate", "ten")]
    [InlineData("epoch", "show", "../../etc/passwd")]
    [InlineData("log", "not a stream")]
    [InlineData("verify")]
    [InlineData("epoch", "escalate", "no-such-ladder.yaml")]
    [InlineData("no-such-command")]
    public async Task Bad_usage_has_exit_code_2_and_leaves_nothing(params string[] arguments)
    {
        var result = await AssayProgram.RunAsync(_folder.Path, arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("assay: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("plan.yaml", "a: [[b, c]\nd: 1")]
    [InlineData("plan.yaml", "a: [b\n- c: {")]
    [InlineData("plan", "a: [[b, c]\nd: 1")]
    [InlineData("plan.txt", "{\"a\": }")]
    public async Task Text_that_is_no_document_is_said_with_its_place(string name, string text)
    {
        await File.WriteAllTextAsync(_folder.Under(name), text);
        var result = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", name);
        Assert.Equal(2, result.ExitCode);
        Assert.Matches($"^assay: {name}:[0-9]+:[0-9]+: ", result.Error);
        Assert.DoesNotContain("bug", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_named_pipe_is_no_document()
    {
        await AssayProgram.RunAsync("mkfifo", [_folder.Under("plan.yaml")], null, null, TimeSpan.FromSeconds(10));
        var result = await AssayProgram.RunAsync(AssayProgram.Program, ["epoch", "run", "plan.yaml"], _folder.Path, null, TimeSpan.FromSeconds(30));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("is a named pipe", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_input_that_leaves_through_a_link_in_a_link_is_refused()
    {
        var builder = new PlanBuilder(_folder.Under("plan")).Add("ONE", "cat inputs/secret", c => c["input"] = new JsonObject { ["files"] = new JsonArray("secret") });
        var plan = builder.Write();
        var folder = Path.GetDirectoryName(Directory.GetFiles(_folder.Under("plan"), "ONE*", SearchOption.AllDirectories)[0])!;
        File.CreateSymbolicLink(Path.Combine(folder, "sub"), "/etc");
        File.CreateSymbolicLink(Path.Combine(folder, "secret"), "sub/passwd");
        var result = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("leaves the plan's folder", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ladder_that_names_a_plan_twice_is_refused()
    {
        var builder = new PlanBuilder(_folder.Under("plan")).Add("ONE", "exit 0");
        builder.Write();
        builder.Write("ladder.json", JsonNode.Parse(
            """{"schema_version":"epoch_ladder_v1","ladder_id":"L","rungs":[{"plan":"plan.json","required_verdict":"PASS"},{"plan":"./plan.json","required_verdict":"PASS"}]}""")!);
        var result = await AssayProgram.RunAsync(_folder.Path, "epoch", "escalate", _folder.Under("plan", "ladder.json"));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("/rungs/1/plan: ./plan.json stands on the ladder twice", result.Error, StringComparison.Ordinal);
    }

    private void ChangePlan(string change, PlanBuilder builder)
    {
        var plan = builder.Plan;
        var specs = plan["crucible_specs"]!.AsObject();
        switch (change)
        {
            case "unknown key":
                plan["surprise"] = 1;
                break;
            case "missing key":
                plan.Remove("budgets");
                break;
            case "wrong version":
                plan["schema_version"] = "epoch_plan_v9";
                break;
            case "bad id":
                plan["epoch_id"] = "../EPOCH";
                break;
            case "missing crucible file":
                specs["ONE"] = "absent.json";
                break;
            case "path leaves":
                // The file is there and valid, so that nothing but the rule itself can refuse it.
                File.Move(_folder.Under("plan", "ONE.json"), _folder.Under("outside.json"));
                specs["ONE"] = "../outside.json";
                break;
            case "link leaves":
                File.Delete(_folder.Under("plan", "ONE.json"));
                File.CreateSymbolicLink(_folder.Under("plan", "ONE.json"), "/etc/passwd");
                break;
            case "absolute path":
                specs["ONE"] = "/etc/passwd";
                break;
            case "unordered spec":
                specs["TWO"] = "ONE.json";
                break;
            case "order without spec":
                plan["crucible_order"]!.AsArray().Add("TWO");
                break;
            case "twice in order":
                plan["crucible_order"]!.AsArray().Add("ONE");
                break;
            case "unknown milestone":
                plan["required_milestones"] = new JsonArray("NONE");
                break;
        }
    }

    private void ChangeCrucible(string change, JsonObject crucible)
    {
        switch (change)
        {
            case "budget over cap":
                crucible["budgets"] = new JsonObject { ["runner_memory_max_mb"] = 100_000 };
                break;
            case "kill before time":
                crucible["budgets"] = new JsonObject { ["time_ms"] = 500, ["kernel_timeout_kill_ms"] = 400 };
                break;
            case "other target":
                crucible["kernel_targets"] = new JsonArray("OTHER");
                break;
            case "other crucible id":
                crucible["crucible_id"] = "UNO";
                break;
            case "missing input":
                crucible["input"] = new JsonObject { ["files"] = new JsonArray("absent.txt") };
                break;
            case "input leaves":
                crucible["input"] = new JsonObject { ["files"] = new JsonArray("../../../etc/passwd") };
                break;
            case "missing program":
                crucible["command"] = new JsonArray("no-such-program-anywhere");
                break;
            case "program not executable":
                Directory.CreateDirectory(_folder.Under("plan"));
                File.WriteAllText(_folder.Under("plan", "script.sh"), "exit 0");
                crucible["command"] = new JsonArray("./script.sh");
                break;
            case "outcome without protocol":
                crucible["expect"] = new JsonObject { ["expected_outcome"] = "REFUSE" };
                break;
            case "required file leaves":
                crucible["expect"] = new JsonObject { ["required_files"] = new JsonArray("../x") };
                break;
            case "prompt too long":
                crucible["input"] = new JsonObject { ["prompt"] = new string('x', 20_000) };
                break;
        }
    }
}
