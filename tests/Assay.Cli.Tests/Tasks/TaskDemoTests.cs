using System.Text.Json.Nodes;

namespace Assay.Tests.Tasks;

/// <summary>The shipped example, as <c>assay demo tasks</c> walks through it: every outcome as its README documents it.</summary>
public sealed class TaskDemoTests
{
    [Fact]
    public async Task Every_task_of_the_example_ends_as_documented()
    {
        using var folder = new TemporaryFolder();
        var demo = await AssayProgram.RunAsync(folder.Path, "demo", "tasks", "--json", "--workspace", folder.Under("ws"));
        Assert.True(demo.ExitCode == 0, demo.Output + demo.Error);
        var results = JsonNode.Parse(demo.Output)!["results"]!.AsArray().Select(r => $"{r!["task_id"]} {r["adapter_id"]} {r["status"]} {r["attempts"]} {r["reason"]}".TrimEnd());
        Assert.Equal(
            [
                "fizzbuzz fixer COMPLETED 1", "roman flaky COMPLETED 3", "leap remote COMPLETED 1", "cheat fixer FAILED 1 tests/wrap.t is forbidden", "wrap fixer COMPLETED 1",
                "shorten fixer FAILED 1 fizzbuzz: 1 of 4 failed", "golf  CANCELLED 0 dependency_failed: shorten is FAILED", "release person COMPLETED 1",
            ],
            results);
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "verify", "--workspace", folder.Under("ws"))).ExitCode);
        var patches = JsonNode.Parse((await AssayProgram.RunAsync(folder.Path, "patch", "list", "--json", "--workspace", folder.Under("ws"))).Output)!["items"]!.AsArray();
        Assert.Equal(["cheat quarantined", "fizzbuzz committed", "leap committed", "roman committed", "shorten quarantined", "wrap committed"], patches.Select(p => $"{p!["task_id"]} {p["state"]}").Order(StringComparer.Ordinal));
    }
}
