namespace Assay.Tests.Tasks;

/// <summary>What comes into the tree was tested exactly as it will lie there.</summary>
public sealed class CommitQueueTests
{
    [Fact]
    public async Task Two_changes_that_only_together_fail_are_not_both_brought_in()
    {
        using var folder = new TaskFolder().File("a.txt", "0\n").File("b.txt", "0\n");
        const string test = "test $(($(cat a.txt) + $(cat b.txt))) -lt 2";
        folder.Add("one", "sleep 0.5; echo 1 > a.txt", test, "a.txt");
        folder.Add("two", "sleep 0.5; echo 1 > b.txt", test, "b.txt");
        Assert.Equal(1, (await folder.Write().ExecuteAsync("-j", "2")).ExitCode);
        var results = await folder.ResultsAsync();
        Assert.Equal(["COMPLETED", "FAILED"], results.Values.Select(r => (string)r["status"]!).Order(StringComparer.Ordinal));
        var failed = results.Values.Single(r => (string)r["status"]! == "FAILED");
        Assert.StartsWith("the tree has moved on, and on what it is now: check: exit code 1", (string)failed["reason"]!, StringComparison.Ordinal);
        Assert.Equal("apply_failed", folder.PatchStates()[(string)failed["task_id"]!][^1]);
        Assert.Equal(1, int.Parse(folder.Read("a.txt")) + int.Parse(folder.Read("b.txt")));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);

        // A person may have it all the same, and the record says so.
        var patch = (string)failed["patch_id"]!;
        var refused = await folder.RunAsync("patch", "apply", patch);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--untested", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("patch", "apply", patch, "--untested")).ExitCode);
        Assert.Contains("not tested on this tree", (await folder.RunAsync("patch", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task Many_changes_at_once_all_come_in_each_tested_on_what_is_there()
    {
        using var folder = new TaskFolder();
        for (var i = 0; i < 6; i++) folder.Add($"t{i}", $"sleep 0.3; echo {i} > f{i}; ls | wc -l > n{i}", $"test -f f{i}", $"f{i}", $"n{i}");
        var end = await folder.Write().ExecuteAsync("-j", "6");
        Assert.True(end.ExitCode == 0, end.Output);
        var log = (await folder.RunAsync("events", $"execution/{TaskFolder.RunId}", "--json")).Output;
        Assert.Contains("TASK_TREE_MOVED", log, StringComparison.Ordinal);
        Assert.Equal(12, Directory.EnumerateFiles(folder.Under("tree")).Count());
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_persons_edit_elsewhere_in_the_tree_has_the_change_tested_again()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n").File("limit.txt", "5\n");
        folder.Add("edit", $"echo 3 > a.txt; echo 2 > {folder.Under("tree", "limit.txt")}", "test $(cat a.txt) -lt $(cat limit.txt)", "a.txt");
        Assert.Equal(1, (await folder.Write().ExecuteAsync()).ExitCode);
        Assert.StartsWith("the tree has moved on, and on what it is now: check:", (string)(await folder.ResultsAsync())["edit"]["reason"]!, StringComparison.Ordinal);
        Assert.Equal(("one\n", "2\n"), (folder.Read("a.txt"), folder.Read("limit.txt")));
    }

    [Fact]
    public async Task What_git_ignores_may_change_meanwhile()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n").File(".gitignore", "*.log\n").Repository();
        folder.Add("edit", $"echo two > a.txt; echo x > {folder.Under("tree", "some.log")}", "grep -q two a.txt", "a.txt");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        Assert.DoesNotContain("TASK_TREE_MOVED", (await folder.RunAsync("events", $"execution/{TaskFolder.RunId}")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tree_that_never_rests_is_given_up_after_some_rounds()
    {
        using var folder = new TaskFolder().File("a.txt", "one\n");
        var task = folder.Add("edit", "echo two > a.txt", $"date +%N > {folder.Under("tree", "noise")}", "a.txt");
        task["acceptance_tests"]![0]!["sandbox"] = "none";
        Assert.Equal(1, (await folder.Write().ExecuteAsync()).ExitCode);
        Assert.StartsWith("the tree moved on whenever the change was to come in, 6 times: noise changed", (string)(await folder.ResultsAsync())["edit"]["reason"]!, StringComparison.Ordinal);
        Assert.Equal("one\n", folder.Read("a.txt"));
        Assert.Equal("apply_failed", folder.PatchStates()["edit"][^1]);
    }
}
