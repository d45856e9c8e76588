using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary><c>assay job list</c>: narrowed, ordered and read page by page.</summary>
public sealed class JobListTests
{
    [Fact]
    public async Task It_is_narrowed_by_state_kind_and_verdict_and_ordered_by_either_time()
    {
        using var folder = JobFolder.Strict().Write();
        var first = await folder.SubmitAsync();
        var idea = await folder.SubmitAsync("idea");
        folder.Blueprint["title"] = "Another";
        folder.Write();
        var last = await folder.SubmitAsync();
        Assert.Equal(0, (await folder.RunAsync("job", "cancel", first)).ExitCode);

        Assert.Equal([last, idea, first], await IdsAsync(folder));
        Assert.Equal([first, idea, last], await IdsAsync(folder, "--sort", "submitted"));
        Assert.Equal([first, last, idea], await IdsAsync(folder, "--sort", "-updated"));
        Assert.Equal([idea, last, first], await IdsAsync(folder, "--sort", "updated"));
        Assert.Equal([idea], await IdsAsync(folder, "--kind", "idea"));
        Assert.Equal([last], await IdsAsync(folder, "--kind", "blueprint", "--state", "BLUEPRINT_SUBMITTED"));
        Assert.Empty(await IdsAsync(folder, "--verdict", "PASS"));

        var page = JsonNode.Parse((await folder.RunAsync("job", "list", "--sort", "updated", "--limit", "2", "--json")).Output)!;
        Assert.Equal([first], await IdsAsync(folder, "--sort", "updated", "--cursor", (string)page["next_cursor"]!));
    }

    [Theory]
    [InlineData("--kind", "dream", "blueprint, idea")]
    [InlineData("--verdict", "MAYBE", "PASS, FAIL")]
    [InlineData("--sort", "title", "submitted, -submitted, updated, -updated")]
    public async Task A_word_that_it_does_not_know_is_refused_with_those_it_knows(string option, string word, string known)
    {
        using var folder = new JobFolder().Write();
        var refused = await folder.RunAsync("job", "list", option, word);
        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith($"assay: {option} {word}: it is one of {known}", refused.Error, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<string>> IdsAsync(JobFolder folder, params string[] options)
    {
        var listed = await folder.RunAsync(["job", "list", .. options, "--json"]);
        Assert.True(listed.ExitCode == 0, listed.Error + listed.Output);
        return JsonNode.Parse(listed.Output)!["items"]!.AsArray().Select(j => (string)j!["job_id"]!);
    }
}
