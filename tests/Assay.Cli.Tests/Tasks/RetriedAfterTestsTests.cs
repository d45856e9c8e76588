using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Assay.Tests.Tasks;

/// <summary>What fails its acceptance tests is tried again where its adapter says so, and told what they printed.</summary>
public sealed class RetriedAfterTestsTests
{
    private const string Patch = "diff --git a/b.txt b/b.txt\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-one\n+{0}\n";

    [Fact]
    public async Task Caged_programs_and_receivers_of_requests_are_told_what_the_failed_tests_printed()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n").File("b.txt", "one\n");
        var bodies = new ConcurrentQueue<JsonNode>();
        using var server = new LoopbackServer((request, _) =>
        {
            bodies.Enqueue(JsonNode.Parse(request.Body)!);
            return Patch.Replace("{0}", bodies.Count == 1 ? "bad" : "good", StringComparison.Ordinal);
        });
        var again = new JsonObject { ["on"] = new JsonArray("acceptance"), ["base_ms"] = 10, ["max_ms"] = 20 };
        (folder.Adapters["shell"]["sandbox"], folder.Adapters["shell"]["retry"]) = ("confined", again);
        folder.Adapters["web"] = new JsonObject
        {
            ["adapter_id"] = "web",
            ["kind"] = "http",
            ["url"] = server.Url,
            ["answer"] = "patch",
            ["retry"] = again.DeepClone(),
        };
        const string script = """if [ -n "$ASSAY_FAILED_TESTS" ]; then cp "$ASSAY_FAILED_TESTS" a.txt; else echo bad > a.txt; fi""";
        folder.Add("program", script, """cat a.txt; printf 'why\377' >&2; grep -q failed_tests_v1 a.txt""", "a.txt");
        folder.Add("request", "", "cat b.txt; grep -q good b.txt", "b.txt").Remove("command");
        folder.Routes["request"] = ["web"];
        var end = await folder.Write().ExecuteAsync("-j", "2");
        var results = await folder.ResultsAsync();
        Assert.True(end.ExitCode == 0, $"{end.Error} {results["program"].ToJsonString()} {results["request"].ToJsonString()}");
        Assert.All(results.Values, r => Assert.Equal(("COMPLETED", 2), ((string)r["status"]!, (int)r["attempts"]!)));
        var told = JsonNode.Parse(folder.Read("a.txt"))!["tests"]![0]!;
        Assert.Equal(("check", 1, "bad\n", "why\uFFFD"), ((string)told["name"]!, (int)told["exit_code"]!, (string)told["stdout"]!, (string)told["stderr"]!));
        Assert.Null(bodies.First()["failed_tests"]);
        Assert.Equal("bad\n", (string)bodies.Last()["failed_tests"]!["tests"]![0]!["stdout"]!);
        string[] expected = ["created", "validated", "applied", "quarantined", "created", "validated", "applied", "verified", "committed"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), folder.PatchStates()["program"].Order(StringComparer.Ordinal));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }
}
