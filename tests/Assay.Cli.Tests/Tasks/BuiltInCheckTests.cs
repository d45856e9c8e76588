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

    /// <summary>Each is one changed file of its task, which passes only as it is or was honestly.</summary>
    [Theory]
    [InlineData("as it was", """echo '{"$schema":"../schemas/s.json","port":2}' > docs/a.json""", null)]
    [InlineData("dropped", """echo '{"port":"x"}' > docs/a.json""", "it named the schema schemas/s.json before the change, and none now")]
    [InlineData("another", """echo '{"$schema":"../schemas/t.json","port":"x"}' > docs/a.json""", "before the change, and schemas/t.json now")]
    [InlineData("itself", """echo '{"$schema":"a.json"}' > docs/b.json; mv docs/b.json docs/a.json""", "before the change, and docs/a.json now")]
    [InlineData("itself, new", """echo '{"$schema":"n.json","type":"object"}' > docs/n.json""", "its schema docs/n.json is what this change made of it")]
    [InlineData("made with it", """echo true > docs/free.json; echo '{"$schema":"free.json"}' > docs/n.json""", "its schema docs/free.json is what this change made of it")]
    [InlineData("loosened", """echo true > schemas/s.json; echo '{"$schema":"../schemas/s.json","port":"x"}' > docs/a.json""", "its schema schemas/s.json is what this change made of it")]
    [InlineData("another file of its kind", """rm docs/a.json; echo '{"$schema":"../schemas/s.json","port":1}' > docs/z.json""", null)]
    [InlineData("made, by another spelling", """echo '{}' > docs/m.json; echo '{"$schema":"m.json/","port":"x"}' > docs/n.json""", "its schema docs/m.json is what this change made of it")]
    [InlineData("could not be read, dropped", """echo '{"port":"x"}' > docs/u.json""", "it could not be read before the change, where it mentioned another schema")]
    [InlineData("could not be read, another", """echo '{"$schema":"../schemas/t.json","port":"x"}' > docs/u.json""", "it could not be read before the change")]
    [InlineData("could not be read, mended", """echo '{"$schema":"../schemas/s.json","port":2}' > docs/u.json""", null)]
    [InlineData("YAML with an alias, dropped", """echo 'port: x' > docs/y.yaml""", "it could not be read before the change")]
    [InlineData("link now", """echo '{"port":"x"}' > docs/data; ln -sf data docs/a.json; echo '{"$schema":"../schemas/s.json","port":2}' > docs/ok.json""", "before the change, and none that is looked at now")]
    [InlineData("link before", """rm docs/l.json; echo '{"port":"x"}' > docs/l.json""", "it was a link before the change")]
    [InlineData("no document now", """mv docs/a.json docs/a.json5; echo '{"$schema":"../schemas/s.json","port":2}' > docs/ok.json""", "before the change, and none that is looked at now")]
    [InlineData("renamed into what was missing", """mv schemas/t.json schemas/gone.json; echo '{"$schema":"../schemas/gone.json","port":"x"}' > docs/g.json""", "its schema schemas/gone.json is what this change made of it")]
    [InlineData("renamed with its schema", """mv schemas/s.json schemas/s2.json; echo '{"$schema":"../schemas/s2.json","port":3}' > docs/a.json""", null)]
    [InlineData("outside", """echo '{"$schema":"../../s.json"}' > docs/n.json""", "lies outside of the tree")]
    [InlineData("as a reference", """echo '{"$schema":"../schemas/s%2Ejson#","port":1}' > docs/n.json""", null)]
    [InlineData("by an address", """echo '{"$schema":"file:///etc/passwd","port":"x"}' > docs/n.json""", "its schema file:///etc/passwd is no path of the tree")]
    public async Task A_change_does_not_choose_what_it_is_compared_with(string name, string script, string? problem)
    {
        using var folder = new TaskFolder().File("schemas/s.json", Schema).File("schemas/t.json", "{}").File("docs/a.json", """{"$schema":"../schemas/s.json","port":1}""");
        folder.File("docs/u.json", """{"$schema":"../schemas/s.json","port":1,}""").File("docs/y.yaml", "$schema: ../schemas/s.json\nport: &p 1\nother: *p\n");
        folder.File("docs/g.json", """{"$schema":"../schemas/gone.json","port":1}""");
        File.CreateSymbolicLink(folder.Under("tree", "docs", "l.json"), "a.json");
        Add(folder, "one", script, Test("schema"));
        await folder.Write().ExecuteAsync();
        var said = Text(folder, "one", "schema");
        var isWell = problem is null ? !said.Contains("not ok", StringComparison.Ordinal) : said.Contains(problem, StringComparison.Ordinal);
        Assert.True(isWell && (string)(await folder.ResultsAsync())["one"]["status"]! == (problem is null ? "COMPLETED" : "FAILED"), $"{name}: {said}");
    }

    [Theory]
    [InlineData(@"printf '\357\273\277<<<<<<< HEAD\n' > x.txt")]
    [InlineData(@"perl -e 'print qq(\377\376), map { $_.chr(0) } split //, qq(<<<<<<< HEAD\n)' > x.txt")]
    [InlineData(@"perl -e 'print qq(\376\377), map { chr(0).$_ } split //, qq(a\n>>>>>>> x\n)' > x.txt")]
    [InlineData(@"printf 'one\r<<<<<<< HEAD\rtwo\r' > x.txt")]
    [InlineData(@"printf 'caf\351\n<<<<<<< HEAD\n' > x.txt")]
    [InlineData(@"printf '<<<<<<<\none\n=======\ntwo\n>>>>>>>\n' > x.txt")]
    [InlineData(@"printf 'a\n<<<<<<<<< HEAD:a\n' > x.txt")]
    [InlineData(@"printf 'a\n>>>>>>>\tb\n' > x.txt")]
    [InlineData(@"perl -e 'print qq(\377\376\0\0), map { $_, qq(\0\0\0) } split //, qq(<<<<<<< HEAD\n)' > x.txt")]
    [InlineData(@"yes '||||||| base' | head -c 17000000 > x.txt")]
    public async Task A_conflict_is_found_in_any_text(string script)
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        Add(folder, "one", script, Test("lint"));
        folder.Add("picture", "head -c 17000000 /dev/zero > picture.bin; printf 'Title\\n=======\\n<<<<<<<\\n' > b.txt", "true", "b.txt", "*.bin")["acceptance_tests"] = new JsonArray(Test("lint"));
        await folder.Write().ExecuteAsync();
        var results = await folder.ResultsAsync();
        Assert.Equal(("FAILED", "COMPLETED"), ((string)results["one"]["status"]!, (string)results["picture"]["status"]!));
        Assert.Contains("not ok 1 - x.txt", Text(folder, "one", "lint"), StringComparison.Ordinal);
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
