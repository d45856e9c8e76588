using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests.Tasks;

/// <summary>What a run leaves in its project before it has ended, and of tasks that say nothing.</summary>
public sealed class TaskResultsTests
{
    [Fact]
    public async Task Results_are_of_the_run_that_is_worked_on_from_its_beginning_and_say_whether_it_has_ended()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "true");
        folder.Repository().Write();
        Assert.Equal(0, (await folder.ExecuteAsync()).ExitCode);
        Assert.Equal((TaskFolder.RunId, true), Stands(folder));

        ByHand(folder, "night-2");
        var waits = await folder.RunAsync("execute", "--run-id", "night-2");
        Assert.True(waits.ExitCode == 5, waits.Error);
        Assert.Equal(("night-2", false), Stands(folder));
        Assert.Equal("IN_PROGRESS", (string)Results(folder)["results"]![0]!["status"]!);
        using var document = JsonDocument.Parse(Results(folder).ToJsonString());
        Assert.Empty(ContractCatalog.Validate("execution_results_v1", document.RootElement));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);

        Assert.Equal(0, (await folder.RunAsync("task", "done", "one", "--run-id", "night-2")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("execute", "--run-id", "night-2")).ExitCode);
        Assert.Equal(("night-2", true), Stands(folder));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_run_that_was_ended_by_a_signal_leaves_its_own_results()
    {
        using var folder = new TaskFolder();
        folder.Add("slow", "touch begun; sleep 60");
        folder.Repository().Write();
        using var execute = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Path);
        await UntilAsync(() => File.Exists(folder.Under(".state", "execution_results.json")));
        Assert.Equal((TaskFolder.RunId, false), Stands(folder));
        await UntilAsync(() => Directory.EnumerateFiles(folder.Under(".assay"), "begun", SearchOption.AllDirectories).Any());
        AssayProgram.Terminate(execute);
        await execute.WaitForExitAsync();
        Assert.Equal(130, execute.ExitCode);
        Assert.Equal((TaskFolder.RunId, false), Stands(folder));
        var shown = (await folder.ResultsAsync())["slow"];
        Assert.Equal(((string)shown["status"]!, 1), ((string)Results(folder)["results"]![0]!["status"]!, (int)shown["attempts"]!));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task Every_task_that_was_started_has_a_log_with_its_attempts_tests_and_end()
    {
        using var folder = new TaskFolder();
        folder.Add("silent", "true");
        folder.Add("broken", "echo words; exit 3");
        folder.Add("behind", "true")["depends_on"] = new JsonArray("broken");
        folder.Repository().Write();
        Assert.Equal(1, (await folder.ExecuteAsync()).ExitCode);
        var silent = Log(folder, "silent");
        string[] wanted = ["TASK_STARTED", "TASK_TESTED", "TASK_COMPLETED"];
        Assert.Equal(wanted, Events(silent).Where(wanted.Contains));
        Assert.Contains(silent, l => (string?)l["message"] == "attempt 1 by shell");
        Assert.Contains(silent, l => (string?)l["message"] == "check passed");
        var broken = Log(folder, "broken");
        Assert.Equal("TASK_FAILED", Events(broken)[^1]);
        Assert.Contains(broken, l => (string?)l["text"] == "words");
        Assert.False(File.Exists(folder.Under("logs", "execution", "behind.jsonl")));
    }

    private static List<JsonNode> Log(TaskFolder folder, string task) =>
        [.. File.ReadAllLines(folder.Under("logs", "execution", $"{task}.jsonl")).Select(l => JsonNode.Parse(l)!)];

    private static List<string> Events(List<JsonNode> log) => [.. log.Select(l => (string?)l["event"]).OfType<string>()];

    private static JsonNode Results(TaskFolder folder) =>
        JsonNode.Parse(File.ReadAllText(folder.Under(".state", "execution_results.json")))!;

    private static (string Run, bool IsComplete) Stands(TaskFolder folder) =>
        ((string)Results(folder)["run_id"]!, (bool)Results(folder)["complete"]!);

    /// <summary>Makes another run of the folder's queue, whose task a person does.</summary>
    private static void ByHand(TaskFolder folder, string runId)
    {
        folder.Adapters["hand"] = new JsonObject { ["adapter_id"] = "hand", ["kind"] = "manual" };
        folder.Routes["one"] = ["hand"];
        folder.Tasks["one"].Remove("command");
        folder.Tasks["one"]["instructions"] = "Look at it.";
        folder.Write();
        foreach (var name in new[] { "task_queue.json", "routing_decisions.json" })
        {
            var path = folder.Under(".state", name);
            File.WriteAllText(path, File.ReadAllText(path).Replace(TaskFolder.RunId, runId, StringComparison.Ordinal));
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "it did not happen in time");
            await Task.Delay(50);
        }
    }
}
