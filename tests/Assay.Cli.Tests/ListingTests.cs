using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Assay.Tests;

/// <summary>Lists are alike, whatever they list.</summary>
public sealed partial class ListingTests : IDisposable
{
    private static readonly string[] Listed = ["epoch", "job", "registry", "run", "task", "adapter", "patch", "token"];

    private readonly TaskFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_empty_list_says_how_to_get_the_first_in_one_form()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "worker", "--once")).ExitCode);
        foreach (var what in Listed)
        {
            var text = await AssayProgram.RunAsync(folder.Path, what, "list");
            Assert.Matches($"^No {(what == "registry" ? "trial" : what)}(e?)s: assay .*\\.\n$", text.Output);
            var json = await AssayProgram.RunAsync(folder.Path, what, "list", "--json");
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"items":[],"next_cursor":null}"""), JsonNode.Parse(json.Output)), json.Output);
        }
    }

    [Fact]
    public async Task A_list_is_read_page_by_page()
    {
        _folder.File("a.txt", "a\n").File("b.txt", "b\n");
        _folder.Add("one", "echo 1 > a.txt", write: "a.txt");
        _folder.Add("two", "echo 2 > b.txt", write: "b.txt");
        _folder.Repository().Write();
        Assert.Equal(0, (await _folder.ExecuteAsync()).ExitCode);
        foreach (var id in (string[])["A", "B"])
        {
            var plan = new PlanBuilder(_folder.Under("plans", id)).Add("ONE", "true");
            plan.Plan["epoch_id"] = id;
            Assert.Equal(0, (await _folder.RunAsync("epoch", "run", plan.Write())).ExitCode);
            Assert.Equal(0, (await _folder.RunAsync("token", "create", "--name", id)).ExitCode);
        }

        foreach (var what in (string[])["task", "patch", "epoch", "token"])
        {
            var all = await PageAsync(what);
            Assert.Equal((2, null), (all.Items.Count, all.Next));
            var first = await PageAsync(what, "--limit", "1");
            var second = await PageAsync(what, "--limit", "1", "--cursor", first.Next!);
            Assert.Null(second.Next);
            Assert.Equal(all.Items.Select(i => i!.ToJsonString()), [.. first.Items.Select(i => i!.ToJsonString()), .. second.Items.Select(i => i!.ToJsonString())]);
            Assert.EndsWith($"--cursor {first.Next}", (await _folder.RunAsync(what, "list", "--limit", "1")).Output.Split("\n\n")[0].TrimEnd(), StringComparison.Ordinal);
            var refused = await _folder.RunAsync(what, "list", "--cursor", "nowhere", "--json");
            Assert.Equal((2, "cursor"), (refused.ExitCode, (string)JsonNode.Parse(refused.Output)!["problems"]![0]!["rule"]!));
        }

        Assert.Equal(TaskFolder.RunId, (string)Assert.Single((await PageAsync("run")).Items)!["run_id"]!);
        Assert.Equal("shell", (string)Assert.Single((await PageAsync("adapter")).Items)!["adapter_id"]!);
    }

    [Fact]
    public async Task Times_are_local_with_their_offset_on_a_terminal_and_UTC_in_documents()
    {
        var plan = new PlanBuilder(_folder.Under("plans")).Add("ONE", "true").Write();
        var zone = new Dictionary<string, string>(StringComparer.Ordinal) { ["TZ"] = "Asia/Kolkata" };
        Assert.Equal(0, (await _folder.RunAsync("epoch", "run", plan)).ExitCode);
        Assert.Equal(0, (await _folder.RunAsync("token", "create", "--name", "me")).ExitCode);
        foreach (var command in (string[][])[["epoch", "list"], ["token", "list"], ["events"]])
        {
            var text = await AssayProgram.RunAsync(AssayProgram.Program, command, _folder.Path, zone, TimeSpan.FromMinutes(1));
            Assert.Matches(Kolkata(), text.Output);
            var json = await AssayProgram.RunAsync(AssayProgram.Program, [.. command, "--json"], _folder.Path, zone, TimeSpan.FromMinutes(1));
            Assert.DoesNotContain("+05:30", json.Output, StringComparison.Ordinal);
            Assert.Matches(Universal(), json.Output);
        }
    }

    private async Task<(JsonArray Items, string? Next)> PageAsync(string what, params string[] options)
    {
        var page = await _folder.RunAsync([what, "list", .. options, "--json"]);
        Assert.True(page.ExitCode == 0, page.Error + page.Output);
        var document = JsonNode.Parse(page.Output)!.AsObject();
        Assert.Equal(["items", "next_cursor"], document.Select(p => p.Key));
        return (document["items"]!.AsArray(), (string?)document["next_cursor"]);
    }

    [GeneratedRegex(@"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\+05:30", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Kolkata();

    [GeneratedRegex(@"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+00:00)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Universal();
}
