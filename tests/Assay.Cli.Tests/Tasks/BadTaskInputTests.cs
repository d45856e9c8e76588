using System.Text.Json.Nodes;

namespace Assay.Tests.Tasks;

/// <summary>Bad inputs of a run: one clear error each, exit code 2, and nothing left behind.</summary>
public sealed class BadTaskInputTests
{
    private static readonly (string Name, Action<TaskFolder> Change, string Expected)[] All =
    [
        ("unknown dependency", f => f.Tasks["one"]["depends_on"] = new JsonArray("none"), "there is no task none [depends_on]"),
        ("circle", f => Circle(f), "the tasks wait for each other: one -> two -> one"),
        ("unknown adapter", f => f.Routes["one"] = ["nobody"], "routes one to nobody, which the adapters do not name"),
        ("tree outside", f => f.Tasks["one"]["working_tree"] = "../elsewhere", "../elsewhere leaves the project"),
        ("no tree", f => f.Tasks["one"]["working_tree"] = "nothing", "nothing is no folder"),
        ("no scope", f => f.Tasks["one"].Remove("file_scope"), "does not say what it may write"),
        ("bad glob", f => f.Tasks["one"]["file_scope"] = new JsonObject { ["write"] = new JsonArray("../x") }, "/tasks/0/file_scope/write/0: \"../x\" is no pattern"),
        ("bad pattern of what is protected", f => f.Queue["protected"] = new JsonArray("src/**", "/etc"), "/protected/1: \"/etc\" is no pattern"),
        ("context without a tree", f => Bare(f)["context"] = new JsonObject(), "/tasks/0/context: means nothing without a working_tree [context]"),
        ("bad pattern of a context", f => f.Tasks["one"]["context"] = new JsonObject { ["globs"] = new JsonArray("../x") }, "/tasks/0/context/globs/0: \"../x\" is no pattern"),
        ("more context than there may be", f => f.Tasks["one"]["context"] = new JsonObject { ["max_bytes"] = 16_777_217 }, "/tasks/0/context/max_bytes"),
        ("no gate", f => f.Tasks["one"]["acceptance_tests"] = new JsonArray(), "one has no required test"),
        ("no required test", f => f.Tasks["one"]["acceptance_tests"]![0]!["required"] = false, "one has no required test"),
        ("money of a test", f => f.Tasks["one"]["acceptance_tests"]![0]!["budgets"] = new JsonObject { ["cost_usd"] = 1 }, "/tasks/0/acceptance_tests/0/budgets/cost_usd: nothing meters what a test costs"),
        ("misspelt key", f => f.Tasks["one"]["retry_save"] = true, "retry_save"),
        ("command that nobody takes", f => f.Adapters["shell"]["command"] = new JsonArray("true"), "none of its adapters takes {command}"),
        ("missing program of a task", f => f.Tasks["one"]["command"] = new JsonArray("no-such-program", "-x"), "/tasks/0/command/0: no-such-program is not in PATH: install it"),
        ("missing program by its path", f => f.Tasks["one"]["command"] = new JsonArray("/usr/bin/no-such-program"), "/tasks/0/command/0: /usr/bin/no-such-program does not exist"),
        ("folder for a program", f => f.Tasks["one"]["command"] = new JsonArray("/usr/bin"), "/tasks/0/command/0: /usr/bin is a folder"),
        ("nothing for a program", f => f.Tasks["one"]["acceptance_tests"]![0]!["command"] = new JsonArray("", "x"), "/tasks/0/acceptance_tests/0/command/0: "),
        ("repository that is none", f => f.File(".git", "gitdir: /nowhere"), "/tasks/0/working_tree: git: fatal: not a git repository: /nowhere [git]"),
        ("missing program", f => f.Adapters["shell"]["command"] = new JsonArray("no-such-program"), "adapter shell: no-such-program is not in PATH"),
        ("program outside", f => f.Adapters["shell"]["command"] = new JsonArray("../x.sh"), "adapter shell: ../x.sh leaves the plan's folder"),
        ("key of another kind", f => f.Adapters["shell"]["reminder_ms"] = 5, "/adapters/0/reminder_ms: adapter shell: reminder_ms means nothing for kind process"),
        ("variable of Assay", f => Set(f, "ASSAY_TASK_ID"), "/adapters/0/set/ASSAY_TASK_ID: adapter shell: ASSAY_TASK_ID says which attempt it is, and Assay sets it: remove it [set]"),
        ("no url", f => f.Adapters["web"] = new JsonObject { ["adapter_id"] = "web", ["kind"] = "http" }, "/adapters/1"),
        ("secret not set", f => f.Settings["escalation"] = new JsonObject { ["webhook_url"] = "http://127.0.0.1:1/", ["secret_env"] = "NO_SUCH_VARIABLE" }, "NO_SUCH_VARIABLE"),
        ("unsigned webhook", f => f.Settings["escalation"] = new JsonObject { ["webhook_url"] = "http://127.0.0.1:1/" }, "secret_env"),
        ("instructions for nobody", f => f.Tasks["one"]["instructions"] = "do", "/tasks/0/instructions: none of its adapters is a person"),
        ("request for nobody", f => f.Tasks["one"]["request"] = new JsonObject(), "/tasks/0/request: none of its adapters takes a request"),
        ("pauses upside down", f => f.Adapters["shell"]["retry"] = new JsonObject { ["base_ms"] = 10, ["max_ms"] = 5 }, "adapter shell: 10 is more than max_ms 5"),
    ];

    public static TheoryData<string> Cases => [.. All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_bad_input_is_refused_with_its_place(string name)
    {
        var (_, change, expected) = All.Single(c => c.Name == name);
        using var folder = new TaskFolder();
        folder.Add("one", "true");
        change(folder);
        var refused = await folder.Write().ExecuteAsync();
        Assert.True(refused.ExitCode == 2 && refused.Error.Contains(expected, StringComparison.Ordinal), $"{name}: {refused.ExitCode} {refused.Error}");
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Under(".assay")) || Directory.Exists(folder.Under("logs")), $"{name} left something behind");
    }

    [Fact]
    public async Task Routing_that_is_not_complete_starts_nothing()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "true");
        folder.Write();
        var path = folder.Under(".state", "routing_decisions.json");
        var routing = JsonNode.Parse(File.ReadAllText(path))!;
        routing["ROUTING_COMPLETE"] = false;
        File.WriteAllText(path, routing.ToJsonString());
        var refused = await folder.ExecuteAsync();
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("[ROUTING_COMPLETE]", refused.Error, StringComparison.Ordinal);
        routing.AsObject().Remove("ROUTING_COMPLETE");
        File.WriteAllText(path, routing.ToJsonString());
        Assert.Contains("[ROUTING_COMPLETE]", (await folder.ExecuteAsync()).Error, StringComparison.Ordinal);
    }

    private static void Set(TaskFolder folder, string name) => folder.Adapters["shell"]["set"] = new JsonObject { [name] = "x" };

    private static JsonObject Bare(TaskFolder folder)
    {
        folder.Tasks["one"].Remove("working_tree");
        folder.Tasks["one"].Remove("file_scope");
        return folder.Tasks["one"];
    }

    private static void Circle(TaskFolder folder)
    {
        folder.Add("two", "true")["depends_on"] = new JsonArray("one");
        folder.Tasks["one"]["depends_on"] = new JsonArray("two");
    }
}
