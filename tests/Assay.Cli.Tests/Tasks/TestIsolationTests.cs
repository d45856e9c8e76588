using System.Text.Json.Nodes;

namespace Assay.Tests.Tasks;

/// <summary>A change is COMPLETED only when each of its tests passes on it alone, whatever a test does to the tree.</summary>
public sealed class TestIsolationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Code_under_test_cannot_rewrite_the_tests_that_come_after(bool inRepository)
    {
        using var folder = new TaskFolder().File("run.sh", "true\n").File("tests/two.sh", "grep -q good run.sh\n");
        if (inRepository) folder.Repository();
        var task = folder.Add("cheat", "echo 'echo true > tests/two.sh' > run.sh", write: "run.sh");
        Tests(task, ("one", "sh run.sh"), ("two", "sh tests/two.sh"));
        Assert.Equal(1, (await folder.Write().ExecuteAsync()).ExitCode);
        var result = (await folder.ResultsAsync())["cheat"];
        Assert.Equal("FAILED", (string)result["status"]!);
        var tests = result["acceptance"]!["tests"]!.AsArray().ToDictionary(t => (string)t!["name"]!, t => t!);
        Assert.Contains("it changed the tree that it tests (tests/two.sh)", (string)tests["one"]["reason"]!, StringComparison.Ordinal);
        Assert.False((bool)tests["two"]["passed"]!);
        Assert.Equal("exit code 1", (string)tests["two"]["reason"]!);
        Assert.Equal("true\n", folder.Read("run.sh"));
    }

    [Fact]
    public async Task Whatever_a_test_does_to_the_tree_the_next_one_finds_it_as_it_was()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n").File("b/c.txt", "two\n").File("gone.txt", "three\n").File("mode.sh", "four\n");
        Directory.CreateDirectory(folder.Under("tree", "empty"));
        var task = folder.Add("edit", "echo changed > a.txt", write: "a.txt");
        const string spoil = "rm -r b gone.txt empty; mkdir gone.txt; echo x > gone.txt/x; chmod 600 mode.sh; echo no > a.txt; ln -s / link; mkdir -p d/e; mkfifo pipe; mkdir sub; git init -q sub";
        const string whole = "test $(cat a.txt) = changed && test $(cat b/c.txt) = two && test -f gone.txt && test $(stat -c %a mode.sh) = 644 && test -d empty && test ! -e link && test ! -e d && test ! -e pipe && test ! -e sub";
        Tests(task, ("spoils", spoil), ("whole", whole));
        task["acceptance_tests"]![0]!["required"] = false;
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        var tests = (await folder.ResultsAsync())["edit"]["acceptance"]!["tests"]!.AsArray();
        Assert.Equal([false, true], tests.Select(t => (bool)t!["passed"]!));
    }

    [Fact]
    public async Task What_a_test_declares_as_its_output_it_may_write_and_it_goes_before_the_next()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        var task = folder.Add("edit", "echo two > a.txt", write: "a.txt");
        Tests(task, ("writes", "mkdir out; echo x > out/report"), ("finds", "test ! -e out"));
        task["acceptance_tests"]![0]!["outputs"] = new JsonArray("out/**");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
    }

    [Fact]
    public async Task Tests_side_by_side_do_not_see_what_the_others_do()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        var task = folder.Add("edit", "echo two > a.txt", write: "a.txt");
        const string script = "test ! -e mark && touch mark && sleep 0.5 && test $(ls | wc -l) = 2";
        Tests(task, ("one", script), ("two", script));
        foreach (var test in task["acceptance_tests"]!.AsArray())
        {
            test!["parallel"] = true;
            test["outputs"] = new JsonArray("mark");
        }

        var end = await folder.Write().ExecuteAsync();
        Assert.True(end.ExitCode == 0, end.Output);
    }

    [Fact]
    public async Task What_git_ignores_a_test_may_write()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n").File(".gitignore", "bin/\n").Repository();
        var task = folder.Add("edit", "echo two > a.txt", write: "a.txt");
        Tests(task, ("builds", "mkdir bin; echo x > bin/x; git status > /dev/null; git config alias.x '!true'"), ("finds", "test ! -e bin && ! git config alias.x"));
        var end = await folder.Write().ExecuteAsync();
        Assert.True(end.ExitCode == 0, end.Output);
    }

    [Fact]
    public async Task An_adapter_that_reached_the_untouched_copy_has_its_change_tested_nowhere()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n").File("check.sh", "grep -q two a.txt\n");
        folder.Add("cheat", "echo three > a.txt; echo true > ../base/check.sh", "sh check.sh", "a.txt");
        Assert.Equal(1, (await folder.Write().ExecuteAsync()).ExitCode);
        Assert.Contains("the copy that nobody was to touch is not as it was (check.sh)", (string)(await folder.ResultsAsync())["cheat"]["reason"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_that_was_cut_short_finds_the_tree_as_it_was_when_it_runs_again()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        var began = folder.Under("began");
        var task = folder.Add("edit", "echo two > a.txt", write: "a.txt");
        Tests(task, ("once", $"test ! -e mark && touch mark && echo x >> {began} && sleep 2 && rm mark"));
        using (var executor = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Write().Path))
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(began), TimeSpan.FromMinutes(1)), "the test did not begin");
            executor.Kill();
            await executor.WaitForExitAsync(CancellationToken.None);
        }

        var end = await folder.ExecuteAsync();
        Assert.True(end.ExitCode == 0, end.Output);
        Assert.Equal(2, File.ReadAllLines(began).Length);
    }

    private static void Tests(JsonObject task, params (string Name, string Script)[] tests) => task["acceptance_tests"] = new JsonArray(
        [.. tests.Select(t => new JsonObject { ["name"] = t.Name, ["kind"] = "unit", ["command"] = new JsonArray("sh", "-c", t.Script), ["sandbox"] = "none" })]);
}
