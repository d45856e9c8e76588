using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary>The registry as its commands show it.</summary>
public sealed class RegistryCommandTests
{
    [Fact]
    public async Task Trials_are_listed_whatever_their_gates_said_and_shown_with_the_card_of_one_that_passed()
    {
        using var folder = JobFolder.Strict().Write();
        var passed = await folder.SubmitAndRunAsync();
        var script = await File.ReadAllTextAsync(folder.Under("stage.sh"));
        folder.WriteScript(script.Replace("\"good\",\"status\":\"PASS\"", "\"good\",\"status\":\"FAIL\"", StringComparison.Ordinal));
        folder.Blueprint["title"] = "Another";
        folder.Write();
        var failed = await folder.SubmitAndRunAsync();

        var trials = await ListAsync(folder);
        Assert.Equal(
            [(2, "FAIL", failed), (1, "PASS", passed)],
            trials.Select(t => ((int)t!["trial"]!, (string)t["verdict"]!, (string)t["job_id"]!)));
        Assert.Equal([1, 2], (await ListAsync(folder, "--sort", "recorded")).Select(t => (int)t!["trial"]!));
        Assert.Equal([1], (await ListAsync(folder, "--verdict", "PASS")).Select(t => (int)t!["trial"]!));
        Assert.Equal(2, (await folder.RunAsync("registry", "list", "--verdict", "MAYBE")).ExitCode);

        var card = (string)(await folder.ShowAsync(passed))["job"]!["card_id"]!;
        Assert.Equal((card, null), ((string)trials[1]!["card_id"]!, trials[0]!["card_id"]));
        foreach (var id in new[] { "1", card })
        {
            var shown = await folder.RunAsync("registry", "show", id, "--json");
            Assert.Equal((0, "card"), (shown.ExitCode, (string)JsonNode.Parse(shown.Output)!["card"]!["title"]!));
            Assert.Contains($"\ncard {card}\n", (await folder.RunAsync("registry", "show", id)).Output, StringComparison.Ordinal);
        }

        var without = await folder.RunAsync("registry", "show", "2");
        Assert.Equal(1, without.ExitCode);
        Assert.StartsWith("trial 2  Another\nFAIL: 1 gates passed, 1 failed", without.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await folder.RunAsync("registry", "show", "3")).ExitCode);
    }

    [Fact]
    public async Task A_page_of_trials_goes_on_where_the_one_before_ended()
    {
        using var folder = JobFolder.Strict().Write();
        await folder.SubmitAndRunAsync();
        folder.Blueprint["title"] = "Another";
        folder.Write();
        await folder.SubmitAndRunAsync();
        string[] list = ["registry", "list", "--limit", "1", "--json"];
        var first = JsonNode.Parse((await folder.RunAsync(list)).Output)!;
        var second = JsonNode.Parse((await folder.RunAsync([.. list, "--cursor", (string)first["next_cursor"]!])).Output)!;
        Assert.Equal((2, 1), ((int)first["items"]![0]!["trial"]!, (int)second["items"]![0]!["trial"]!));
        Assert.Null(second["next_cursor"]);
    }

    private static async Task<JsonArray> ListAsync(JobFolder folder, params string[] options)
    {
        var listed = await folder.RunAsync(["registry", "list", .. options, "--json"]);
        Assert.True(listed.ExitCode == 0, listed.Error);
        return JsonNode.Parse(listed.Output)!["items"]!.AsArray();
    }
}
