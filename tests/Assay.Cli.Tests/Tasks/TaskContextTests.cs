using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests.Tasks;

/// <summary>What of its tree an attempt is given, and what of it no task may change.</summary>
public sealed class TaskContextTests
{
    [Fact]
    public async Task Programs_and_receivers_of_requests_are_given_the_tree_as_far_as_the_task_says()
    {
        using var folder = new TaskFolder().File("src/a.txt", "one\n").File("src/big.txt", new string('x', 600)).File("docs/b.md", "not asked for\n");
        folder.File("src/binary", "a\0b").File(".gitignore", "secret*\n").File("src/secret.txt", "hush").File("zz.txt", "last\n");
        File.CreateSymbolicLink(folder.Under("tree", "src", "link"), "/etc/passwd");
        folder.Repository();
        var body = new TaskCompletionSource<JsonNode>();
        using var server = new LoopbackServer((request, _) =>
        {
            body.TrySetResult(JsonNode.Parse(request.Body)!);
            return "fine";
        });
        folder.Adapters["shell"]["sandbox"] = "confined";
        folder.Adapters["web"] = new JsonObject { ["adapter_id"] = "web", ["kind"] = "http", ["url"] = server.Url };
        folder.Add("program", "cat \"$ASSAY_CONTEXT\"", "true", "src/**")["context"] = new JsonObject { ["max_bytes"] = 500 };
        var request = folder.Add("request", "", "true", "src/**");
        request.Remove("command");
        request["context"] = new JsonObject { ["globs"] = new JsonArray("zz.txt") };
        folder.Routes["request"] = ["web"];
        var end = await folder.Write().ExecuteAsync();
        Assert.True(end.ExitCode == 0, $"{end.Output}{end.Error}");
        Assert.All((await folder.ResultsAsync()).Values, r => Assert.Null(r["patch_id"]));
        var printed = Directory.GetFiles(folder.Under(".assay", "tasks", TaskFolder.RunId, "program"), "stdout.log", SearchOption.AllDirectories)
            .First(f => !f.Contains("/tests/", StringComparison.Ordinal));
        var given = JsonDocument.Parse(File.ReadAllText(printed)).RootElement;
        Assert.Empty(ContractCatalog.Validate("task_context_v1", given));
        Assert.Equal(7, given.GetProperty("files_total").GetInt32());
        string Said(JsonElement file) =>
            $"{file.GetProperty("path")}: {(file.TryGetProperty("content", out var text) ? text.GetString() : file.TryGetProperty("left_out", out var why) ? why.GetString() : "named")}";
        string[] expected =
        [
            ".gitignore: named", "docs/b.md: named", "src/a.txt: one\n", "src/big.txt: max_bytes", "src/binary: binary", "src/link: link", "zz.txt: named",
        ];
        Assert.Equal(expected, given.GetProperty("files").EnumerateArray().Select(Said));
        var sent = (await body.Task)["context"]!;
        Assert.Equal("last\n", (string)sent["files"]!.AsArray().Single(f => f!["content"] is not null)!["content"]!);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task What_the_queue_protects_no_task_changes()
    {
        using var folder = new TaskFolder().File("core/a.txt", "one\n");
        folder.Queue["protected"] = new JsonArray("tree/core/**");
        folder.Add("bad", "echo two > core/a.txt", "true", "**");
        var end = await folder.Write().ExecuteAsync();
        var bad = (await folder.ResultsAsync())["bad"];
        Assert.Equal(
            (6, "FAILED", "core/a.txt is protected: no task of the run may change tree/core/** (protected)", "one\n"),
            (end.ExitCode, (string)bad["status"]!, (string)bad["reason"]!, folder.Read("core/a.txt")));
        Assert.Equal(["created", "quarantined"], folder.PatchStates()["bad"]);
        folder.Queue["protected"] = new JsonArray("tree/other/**");
        Assert.Contains("protected has changed", (await folder.Write().ExecuteAsync()).Error, StringComparison.Ordinal);
    }
}
