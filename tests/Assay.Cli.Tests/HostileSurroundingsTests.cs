using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>Work that spoils what the engine itself needs fails, and what else runs goes on to its end.</summary>
public sealed class HostileSurroundingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_crucible_for_which_no_run_root_can_be_made_fails_alone()
    {
        // From now on there is no folder for run roots, but a file.
        const string spoil = "cd \"$ASSAY_RUN_ROOT/../../..\" && mv c019_runs gone && touch c019_runs";
        var plan = Plan().Add("GOOD", "exit 0", c => None(c)).Add("SPOILS", spoil, c => None(c)).Add("LACKS", "exit 1", c => None(c)["expect"] = new JsonObject { ["exit_code"] = 1 });
        var result = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan.Write(), "--json");
        Assert.Equal(3, result.ExitCode);
        var runs = JsonNode.Parse(result.Output)!["runs"]!.AsArray().ToDictionary(r => (string)r!["crucible_id"]!, r => r!, StringComparer.Ordinal);
        Assert.Equal("PASS", (string)runs["GOOD"]["outcome"]!);
        Assert.Equal("FAIL_CLOSED", (string)runs["LACKS"]["outcome"]!);
        Assert.StartsWith("engine_failed:", (string)runs["LACKS"]["notes"]![0]!, StringComparison.Ordinal);
        Assert.Contains("Not a directory", (string)runs["LACKS"]["notes"]![0]!, StringComparison.Ordinal);
        Assert.Empty(result.Error.Split("   at ").Skip(1));
    }

    [Fact]
    public async Task A_folder_in_the_place_of_a_record_ends_nothing_and_is_told()
    {
        var record = _folder.Under(".assay", "epochs", "EPOCH_TEST", "FIRST", "run_record.json");
        var plan = Plan().Add("FIRST", $"mkdir -p {record}", c => None(c)).Add("SECOND", "exit 0", c => None(c)).Write();
        var result = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains($"EPOCH_TEST has its verdict, but {record} could not be written", result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.Under(".assay", "epochs", "EPOCH_TEST", "SECOND", "run_record.json")));

        Directory.Delete(record);
        var again = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan, "--resume");
        Assert.True(again.ExitCode == 0, again.Output + again.Error);
        Assert.Equal("PASS", (string)JsonNode.Parse(await File.ReadAllTextAsync(record))!["outcome"]!);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    private PlanBuilder Plan() => new(_folder.Under("plan"));

    private static JsonObject None(JsonObject crucible)
    {
        crucible["sandbox"] = "none";
        return crucible;
    }
}
