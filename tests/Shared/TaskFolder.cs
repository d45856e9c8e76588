using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>A project with a tree, an adapter that runs a task's own command, and a queue. Everything can be changed before it is used.</summary>
internal sealed class TaskFolder : IDisposable
{
    public const string RunId = "night-1";

    private readonly TemporaryFolder _folder = new();

    public TaskFolder()
    {
        Directory.CreateDirectory(Under("tree"));
        Adapters["shell"] = new JsonObject { ["adapter_id"] = "shell", ["kind"] = "process", ["command"] = new JsonArray("{command}"), ["sandbox"] = "none" };
    }

    public string Path => _folder.Path;

    /// <summary>By id.</summary>
    public Dictionary<string, JsonObject> Adapters { get; } = new(StringComparer.Ordinal);

    /// <summary>What else the adapters' document holds.</summary>
    public JsonObject Settings { get; } = [];

    /// <summary>What else the queue holds.</summary>
    public JsonObject Queue { get; } = [];

    /// <summary>By id.</summary>
    public Dictionary<string, JsonObject> Tasks { get; } = new(StringComparer.Ordinal);

    /// <summary>Adapters of a task, the first first.</summary>
    public Dictionary<string, string[]> Routes { get; } = new(StringComparer.Ordinal);

    public string Under(params string[] names) => _folder.Under(names);

    /// <summary>Adds a task that runs a shell script in the tree and passes when another one does.</summary>
    public JsonObject Add(string id, string script, string test = "true", params string[] write)
    {
        var task = new JsonObject
        {
            ["task_id"] = id,
            ["title"] = $"The task {id}",
            ["kind"] = "fix",
            ["command"] = new JsonArray("sh", "-c", script),
            ["working_tree"] = "tree",
            ["file_scope"] = new JsonObject { ["write"] = new JsonArray([.. (write.Length == 0 ? ["**"] : write).Select(w => JsonValue.Create(w))]) },
            ["acceptance_tests"] = new JsonArray(new JsonObject { ["name"] = "check", ["kind"] = "unit", ["command"] = new JsonArray("sh", "-c", test), ["sandbox"] = "none" }),
            ["budgets"] = new JsonObject { ["time_ms"] = 20_000 },
        };
        Tasks.Add(id, task);
        return task;
    }

    public TaskFolder File(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Under("tree", name))!);
        System.IO.File.WriteAllText(Under("tree", name), text);
        return this;
    }

    public string Read(string name) => System.IO.File.ReadAllText(Under("tree", name));

    /// <summary>Makes the tree a git repository with everything in it committed.</summary>
    public TaskFolder Repository()
    {
        const string script = "git init -q . && git add -A && git -c user.name=t -c user.email=t@example.invalid commit -q --allow-empty -m all";
        using var git = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = Under("tree") })!;
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return this;
    }

    public TaskFolder Write()
    {
        Directory.CreateDirectory(Under(".state"));
        var queue = (JsonObject)Queue.DeepClone();
        (queue["schema_version"], queue["run_id"]) = ("task_queue_v1", RunId);
        queue["tasks"] = new JsonArray([.. Tasks.Values.Select(t => t.DeepClone())]);
        Put(".state/task_queue.json", queue);
        Put(".state/routing_decisions.json", new JsonObject
        {
            ["schema_version"] = "routing_decisions_v1",
            ["run_id"] = RunId,
            ["ROUTING_COMPLETE"] = true,
            ["decisions"] = new JsonArray([.. Tasks.Keys.Select(Route)]),
        });
        var adapters = (JsonObject)Settings.DeepClone();
        adapters["schema_version"] = "adapters_v1";
        adapters["adapters"] = new JsonArray([.. Adapters.Values.Select(a => a.DeepClone())]);
        Put("adapters.json", adapters);
        return this;
    }

    public Task<ProgramResult> RunAsync(params string[] arguments) => AssayProgram.RunAsync(Path, arguments);

    public Task<ProgramResult> ExecuteAsync(params string[] arguments) => RunAsync(["execute", "--run-id", RunId, .. arguments]);

    /// <summary>How each task stands.</summary>
    public async Task<Dictionary<string, JsonObject>> ResultsAsync()
    {
        var status = await RunAsync("run", "status", RunId, "--json");
        return JsonNode.Parse(status.Output)!["results"]!.AsArray().ToDictionary(r => (string)r!["task_id"]!, r => r!.AsObject(), StringComparer.Ordinal);
    }

    /// <summary>The states that each patch went through, from the ledger file.</summary>
    public Dictionary<string, string[]> PatchStates() => System.IO.File.ReadAllLines(Under(".state", "patch_ledger.jsonl"))
        .Select(l => JsonNode.Parse(l)!).GroupBy(l => (string)l["task_id"]!, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.Select(l => (string)l["state"]!).ToArray(), StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();

    private JsonObject Route(string id)
    {
        var adapters = Routes.GetValueOrDefault(id) ?? ["shell"];
        return new JsonObject { ["task_id"] = id, ["adapter_id"] = adapters[0], ["fallback_adapter_ids"] = new JsonArray([.. adapters[1..].Select(a => JsonValue.Create(a))]) };
    }

    private void Put(string name, JsonObject document) => System.IO.File.WriteAllText(Under(name), document.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
}
