using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>Ladders through the built command line: each climb a run of its own, and an old result never a new one.</summary>
public sealed class LadderTests : IDisposable
{
    private const string Ladder =
        """
        {
          "schema_version": "epoch_ladder_v1",
          "ladder_id": "L",
          "rungs": [
            { "plan": "low/plan.json", "required_verdict": "PASS" },
            { "plan": "high/plan.json", "required_verdict": "PASS", "attempts": 3 }
          ]
        }
        """;

    private readonly TemporaryFolder _folder = new();

    private string Epochs => _folder.Under(".assay", "epochs");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_ladder_that_is_climbed_again_is_a_run_of_its_own_with_a_result_of_its_own()
    {
        WriteLadder(high: "exit 0");
        var first = await ClimbAsync(0);
        Assert.Equal(("L", null), ((string)first["ladder_id"]!, (string?)first["bumped_from"]));
        var again = await RunAsync("--json");
        Assert.Contains("L was climbed already; this is L_RUN2", again.Error, StringComparison.Ordinal);
        Assert.Equal((string)first["ladder_hash"]!, (string)JsonNode.Parse(again.Output)!["ladder_hash"]!);

        Break();
        var broken = await ClimbAsync(1);
        Assert.Equal(("L_RUN3", "L"), ((string)broken["ladder_id"]!, (string?)broken["bumped_from"]));
        Assert.Equal(["L_RUN3.R1.A1 PASS", "L_RUN3.R2.A1 FAIL"], Attempts(broken));
        Assert.NotEqual((string)first["ladder_hash"]!, (string)broken["ladder_hash"]!);
        Assert.Equal(6, Directory.GetDirectories(Epochs).Length);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    [Fact]
    public async Task An_unfinished_ladder_goes_on_with_resume_alone()
    {
        WriteLadder(high: Held);
        await KillAsync();
        File.Delete(_folder.Under("hold"));
        var anew = await ClimbAsync(0);
        Assert.Equal(["L_RUN2.R1.A1 PASS", "L_RUN2.R2.A1 PASS"], Attempts(anew));
        var resumed = await ClimbAsync(0, "--resume");
        Assert.Equal(["L.R1.A1 PASS", "L.R2.A1 PASS"], Attempts(resumed));
        Assert.Equal((null, null), ((string?)resumed["bumped_from"], (bool?)resumed["nothing_run"]));
    }

    [Fact]
    public async Task A_resume_of_what_has_ended_tells_the_old_result_as_an_old_one()
    {
        WriteLadder(high: "exit 0");
        await ClimbAsync(0, "--resume");
        var again = await RunAsync("--resume", "--json");
        Assert.Equal((0, true), (again.ExitCode, (bool)JsonNode.Parse(again.Output)!["nothing_run"]!));
        Assert.Equal("L has ended already; nothing was run\n", again.Error);
        Assert.StartsWith("L has ended already; nothing was run\n", (await RunAsync("--resume")).Error, StringComparison.Ordinal);
        Break();
        Assert.Contains("ladder_changed", (await RunAsync("--resume")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ladder.json", "\"attempts\": 3", "\"attempts\": 4", "its document")]
    [InlineData("high/plan.json", "\"seed\": 7", "\"seed\": 8", "the plan of rung 2")]
    [InlineData("high/ONE.json", "./try.sh", "./try.sh\", \"more", "the plan of rung 2")]
    [InlineData("low/try.sh", "exit 0", "true", "the plan of rung 1")]
    [InlineData("", "", "", "the mode", "--mode", "shadow")]
    public async Task A_ladder_does_not_go_on_with_what_is_not_what_it_was(
        string file, string was, string now, string said, params string[] options)
    {
        WriteLadder(high: Held);
        await KillAsync();
        if (file.Length > 0)
        {
            var path = _folder.Under("plan", file);
            var text = await File.ReadAllTextAsync(path);
            Assert.Contains(was, text, StringComparison.Ordinal);
            await File.WriteAllTextAsync(path, text.Replace(was, now, StringComparison.Ordinal));
        }

        var refused = await RunAsync(["--resume", .. options]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("ladder_changed", refused.Error, StringComparison.Ordinal);
        Assert.Contains(said, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ladder_takes_no_epoch_for_its_own_that_it_did_not_start()
    {
        WriteLadder(high: "exit 0", highId: "L.R2.A1");
        var plan = _folder.Under("plan", "high", "plan.json");
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan)).ExitCode);
        var climbed = await ClimbAsync(3);
        Assert.Equal(["L.R1.A1 PASS", "L.R2.A1 none"], Attempts(climbed));
        Assert.Contains("none of the ladder L's", (string)climbed["attempts"]![1]!["reason"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_epoch_of_a_ladder_is_gone_on_with_by_its_ladder_alone()
    {
        WriteLadder(high: Held, highId: "L.R2.A1");
        await KillAsync();
        var refused = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", _folder.Under("plan", "high", "plan.json"), "--resume");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("assay epoch escalate LADDER --resume", refused.Error, StringComparison.Ordinal);
        var shown = await AssayProgram.RunAsync(_folder.Path, "epoch", "show", "L.R2.A1", "--json");
        Assert.Contains("escalate LADDER --resume", (string)JsonNode.Parse(shown.Output)!["resume"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ladder_that_was_climbed_is_refused_when_it_is_to_have_its_own_id()
    {
        WriteLadder(high: "exit 0");
        await ClimbAsync(0, "--no-auto-bump");
        var refused = await RunAsync("--no-auto-bump");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("ladder_exists", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetDirectories(Epochs).Length);
    }

    [Fact]
    public async Task Shadow_is_said_so_and_climbs_no_ladder()
    {
        WriteLadder(high: "exit 0");
        var run = await RunAsync("--mode", "shadow", "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("shadow epoch counts for no gate", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_autonomous_ladder_repeats_a_failed_rung_up_to_its_attempts()
    {
        WriteLadder(high: "exit 1");
        Assert.Equal(["L.R1.A1 PASS", "L.R2.A1 FAIL", "L.R2.A2 FAIL", "L.R2.A3 FAIL"], Attempts(await ClimbAsync(1, "--autonomous")));
    }

    private string Held => $": > '{_folder.Under("held")}'; while [ -e '{_folder.Under("hold")}' ]; do sleep 0.05; done";

    /// <summary>Two rungs, of which the first passes.</summary>
    private void WriteLadder(string high, string highId = "HIGH")
    {
        WriteRung("low", "LOW", "exit 0");
        WriteRung("high", highId, high);
        new PlanBuilder(_folder.Under("plan")).Write("ladder.json", JsonNode.Parse(Ladder)!);
    }

    private void WriteRung(string name, string epochId, string script)
    {
        var builder = new PlanBuilder(_folder.Under("plan", name));
        builder.Plan["epoch_id"] = epochId;
        builder.Add("ONE", "", c =>
        {
            c["command"] = new JsonArray("./try.sh");
            c["retry_safe"] = true;
            c["sandbox"] = "none";
        }).Write();
        var program = _folder.Under("plan", name, "try.sh");
        File.WriteAllText(program, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private void Break() => File.WriteAllText(_folder.Under("plan", "high", "try.sh"), "#!/bin/sh\nexit 1\n");

    private Task<ProgramResult> RunAsync(params string[] options) =>
        AssayProgram.RunAsync(_folder.Path, ["epoch", "escalate", _folder.Under("plan", "ladder.json"), .. options]);

    private async Task<JsonNode> ClimbAsync(int exitCode, params string[] options)
    {
        var run = await RunAsync(["--json", .. options]);
        Assert.True(run.ExitCode == exitCode, $"{run.ExitCode}: {run.Output}{run.Error}");
        return JsonNode.Parse(run.Output)!;
    }

    /// <summary>An escalation that is killed while its second rung is tried.</summary>
    private async Task KillAsync()
    {
        await File.WriteAllTextAsync(_folder.Under("hold"), "");
        string[] words = ["epoch", "escalate", _folder.Under("plan", "ladder.json")];
        using var process = AssayProgram.Start(AssayProgram.Program, words, _folder.Path);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!File.Exists(_folder.Under("held"))) await Task.Delay(20, deadline.Token);
        process.Kill();
        await process.WaitForExitAsync(deadline.Token);
    }

    private static string[] Attempts(JsonNode ladder) =>
        [.. ladder["attempts"]!.AsArray().Select(a => $"{a!["epoch_id"]} {(string?)a["verdict"] ?? "none"}")];
}
