using System.Text.Json.Nodes;

namespace Assay.Tests.Tasks;

/// <summary>Acceptance tests without a command look at what the task changed, in the cage.</summary>
public sealed class BuiltInCheckTests
{
    private const string Well =
        """
        mkdir well; cd well; echo '{}' > a.json; printf 'a: &x 1\nb: *x\n---\nc: 2\n' > b.yaml; echo '<a><b/></a>' > c.xml
        echo 'x = 1' > d.py; echo 'echo $((1+1))' > e.sh; echo 'let f = 1;' > f.js; printf '#!/bin/bash\na=(1 2)\n' > g
        """;

    private const string Broken =
        """
        mkdir broken; cd broken; echo '{"a":1,}' > a.json; printf 'a: [1\n' > b.yaml; echo '<a><b></a>' > c.xml
        echo 'def f(:' > d.py; echo 'if true; then' > e.sh; echo 'let let = ;' > f.js; printf 'one\n<<<<<<< HEAD\ntwo\n' > g.txt
        """;

    private const string Schema = """{"type":"object","required":["port"],"properties":{"port":{"type":"integer"},"$schema":true}}""";

    [Fact]
    public async Task What_a_task_changed_is_parsed_compiled_and_compared_with_schemas()
    {
        using var folder = new TaskFolder().File("schemas/s.json", Schema);
        File.WriteAllText(folder.Under("config.schema.json"), Schema);
        Add(folder, "well", Well, Test("lint"), Test("import"));
        Add(folder, "broken", Broken, Test("lint"), Test("import"));
        Add(folder, "nothing", "mkdir nothing; echo text > nothing/read.me", Test("import"));
        var schema = Test("schema");
        schema["schema"] = new JsonObject { ["path"] = "config.schema.json", ["files"] = new JsonArray("*/config.*") };
        Add(folder, "kept", """mkdir kept; echo 'port: 80' > kept/config.yaml""", schema);
        const string own = """mkdir own; echo '{"$schema":"../schemas/s.json","port":"x"}' > own/a.json; echo '{}' > own/config.json; echo '{}' > own/free.json""";
        Add(folder, "own", own, (JsonObject)schema.DeepClone());
        var end = await folder.Write().ExecuteAsync();
        var results = await folder.ResultsAsync();
        Assert.True(end.ExitCode == 1 && (string)results["well"]["status"]! == "COMPLETED", $"{end.Error} {results["well"].ToJsonString()}");
        Assert.Equal(["lint 7/0", "import 4/0"], Counts(results["well"]));
        Assert.Equal(["lint 7/6", "import 3/3"], Counts(results["broken"]));
        Assert.Contains("a conflict of a merge is not resolved", Text(folder, "broken", "lint"), StringComparison.Ordinal);
        Assert.Contains("broken/d.py: SyntaxError", Text(folder, "broken", "import"), StringComparison.Ordinal);
        Assert.Equal("check-import: nothing that this check knows was changed", (string)results["nothing"]["reason"]!);
        Assert.Equal("COMPLETED", (string)results["kept"]["status"]!);
        Assert.Equal(["schema 2/2"], Counts(results["own"]));
    }

    [Fact]
    public async Task A_check_that_cannot_be_made_is_refused_before_anything_starts()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        var schema = Test("schema");
        schema["schema"] = new JsonObject { ["path"] = "no.json", ["files"] = new JsonArray("**") };
        Add(folder, "one", "true", Test("unit"), schema, Test("lint"));
        var refused = await folder.Write().ExecuteAsync();
        Assert.Contains("/tasks/0/acceptance_tests/0", refused.Error, StringComparison.Ordinal);
        folder.Tasks["one"]["acceptance_tests"]!.AsArray().RemoveAt(0);
        refused = await folder.Write().ExecuteAsync();
        Assert.Contains("/tasks/0/acceptance_tests/0/schema/path: no.json does not exist", refused.Error, StringComparison.Ordinal);
        folder.Tasks["one"]["acceptance_tests"]!.AsArray().RemoveAt(0);
        folder.Tasks["one"].Remove("working_tree");
        folder.Tasks["one"].Remove("file_scope");
        refused = await folder.Write().ExecuteAsync();
        Assert.Contains("check-lint has no command, and its task no working_tree", refused.Error, StringComparison.Ordinal);
        Assert.Equal((2, false), (refused.ExitCode, Directory.Exists(folder.Under(".assay"))));
    }

    private static void Add(TaskFolder folder, string id, string script, params JsonObject[] tests) =>
        folder.Add(id, script, "true", id == "one" ? "**" : $"{id}/**")["acceptance_tests"] = new JsonArray([.. tests]);

    private static JsonObject Test(string kind) => new() { ["name"] = $"check-{kind}", ["kind"] = kind };

    private static IEnumerable<string> Counts(JsonObject result) => result["acceptance"]!["tests"]!.AsArray()
        .Select(t => $"{((string)t!["name"]!)["check-".Length..]} {t["tests"]}/{t["failures"]}");

    private static string Text(TaskFolder folder, string task, string kind) =>
        File.ReadAllText(Directory.GetFiles(folder.Under(".assay", "tasks", TaskFolder.RunId, task, "1", "tests", $"check-{kind}"), "stdout.log")[0]);
}
