using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests;

/// <summary>What a run of a plan may be given on the command line beside the plan, and what programs are told of it.</summary>
public sealed class EpochOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private PlanBuilder Builder => field ??= new PlanBuilder(_folder.Under("plan"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_bump_stands_in_what_programs_read()
    {
        Builder.Add("ONE", "true");
        Assert.Null((await ReadAsync("run"))["bumped_from"]);
        var bumped = await ReadAsync("run");
        Assert.Equal(("EPOCH_TEST_RUN2", "EPOCH_TEST"), ((string)bumped["epoch_id"]!, (string?)bumped["bumped_from"]));
        Assert.Empty(ContractCatalog.Validate("epoch_summary_v1", JsonSerializer.SerializeToElement(bumped)));
        var shown = await AssayProgram.RunAsync(_folder.Path, "epoch", "show", "EPOCH_TEST_RUN2", "--json");
        Assert.Equal("EPOCH_TEST", (string?)JsonNode.Parse(shown.Output)!["bumped_from"]);
        Assert.Equal("EPOCH_TEST", (string?)(await ReadAsync("submit"))["bumped_from"]);
    }

    [Fact]
    public async Task A_command_in_place_of_every_crucibles_own_is_given_word_by_word()
    {
        Builder.Add("ONE", "exit 1").Add("TWO", "exit 1");
        string[] words = ["--runner-cmd-override", "sh", "--runner-cmd-override=-c", "--runner-cmd-override", "echo {seed} in place"];
        var run = await ReadAsync(["run", .. words]);
        Assert.Equal("PASS", (string)run["epoch_verdict"]!);
        var stdout = _folder.Under(".assay", "epochs", "EPOCH_TEST", "TWO", "stdout.json");
        Assert.Equal("7 in place\n", await File.ReadAllTextAsync(stdout));
        var own = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", Builder.PlanPath, "--json");
        Assert.NotEqual((string)run["runs"]![0]!["run_id"]!, (string)JsonNode.Parse(own.Output)!["runs"]![0]!["run_id"]!);
    }

    [Fact]
    public async Task An_artifacts_root_can_be_the_base_itself()
    {
        Builder.Add("ONE", "echo hello");
        await ReadAsync("run", "--artifacts-base", _folder.Under("a"));
        Assert.True(File.Exists(_folder.Under("a", "EPOCH_TEST", "epoch_summary.json")));
        Assert.Equal("hello\n", await File.ReadAllTextAsync(_folder.Under("a", "EPOCH_TEST", "ONE", "stdout.json")));
        var folders = Directory.GetDirectories(_folder.Under("a")).Select(Path.GetFileName);
        Assert.Equal(["EPOCH_TEST", "c019_runs"], folders.Order(StringComparer.Ordinal));
        var again = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", Builder.PlanPath, "--artifacts-base", _folder.Under("a"));
        Assert.EndsWith("Evidence: a/EPOCH_TEST_RUN2\n", again.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    [Fact]
    public async Task A_folder_there_that_the_ledger_does_not_know_is_left_alone()
    {
        Builder.Add("ONE", "true");
        Directory.CreateDirectory(_folder.Under("a", "EPOCH_TEST"));
        Assert.Equal("EPOCH_TEST_RUN2", (string)(await ReadAsync("run", "--artifacts-base", _folder.Under("a")))["epoch_id"]!);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Under("a", "EPOCH_TEST")));
    }

    [Fact]
    public async Task Two_places_for_the_artifacts_are_refused()
    {
        Builder.Add("ONE", "true").Write();
        var refused = await AssayProgram.RunAsync(
            _folder.Path, "epoch", "run", Builder.PlanPath, "--artifacts-base", "a", "--artifacts-root", "b");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--artifacts-root and --artifacts-base exclude each other", refused.Error, StringComparison.Ordinal);
    }

    private async Task<JsonNode> ReadAsync(params string[] words)
    {
        var result = await AssayProgram.RunAsync(_folder.Path, ["epoch", words[0], Builder.Write(), "--json", .. words[1..]]);
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        return JsonNode.Parse(result.Output)!;
    }
}
