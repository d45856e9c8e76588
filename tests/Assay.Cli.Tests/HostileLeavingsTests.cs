using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>What strangers' programs left beside themselves, each as it was seen to hang, end or mislead the engine.</summary>
public sealed class HostileLeavingsTests : IDisposable
{
    private const string Loops = "ln -s . a; ln -s . b; ln -s . c";
    private const string Nest = "perl -e 'for (1..2300) { mkdir \"d\"; chdir \"d\" }'";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();

    private PlanBuilder Builder => field ??= new PlanBuilder(_folder.Under("plan"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Loops)]
    [InlineData(Nest)]
    [InlineData("mkfifo p; mkdir -p x/y; touch x/y/z")]
    [InlineData("for i in $(seq 3000); do : > f$i; done")]
    [InlineData("truncate -s 2T big")]
    public async Task Salvage_ends_whatever_lies_there(string script)
    {
        Builder.Add("LEAVES", $"{script}; exit 1").Add("AFTER", "exit 0");
        var run = await RunAsync("epoch", "run", Builder.Write(), "--mode", "salvage");
        Assert.True(run.ExitCode == 1, run.Output + run.Error);
        Assert.Equal(0, (await RunAsync("verify")).ExitCode);
    }

    [Theory]
    [InlineData("truncate -s 2T big", "big")]
    [InlineData("mkfifo big", "big")]
    [InlineData("ln -s /dev/zero big", "big")]
    [InlineData("mkdir big", "big")]
    [InlineData("mkdir x; ln -s x y; echo 1 > x/big", "y/big")]
    public async Task A_required_file_that_is_none_fails_and_is_not_read(string script, string name)
    {
        Builder.Add("LEAVES", script, c => c["expect"] = new JsonObject { ["required_files"] = new JsonArray(name) });
        var run = await RunAsync("epoch", "run", Builder.Write(), "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"missing_file:{name} ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crucible_that_rewrites_the_program_of_another_spoils_that_one()
    {
        Builder.Add("ONE", $"printf '#!/bin/sh\\nexit 0\\n' > {_folder.Under("plan")}/two.sh", c => c["sandbox"] = "none");
        Builder.Add("TWO", "", c => c["command"] = new JsonArray("./two.sh"));
        await File.WriteAllTextAsync(_folder.Under("plan", "two.sh"), "#!/bin/sh\nexit 1\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_folder.Under("plan", "two.sh"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var run = await RunAsync("epoch", "run", Builder.Write(), "--json");
        var two = JsonNode.Parse(run.Output)!["runs"]![1]!;
        Assert.Equal((1, "FAIL_CLOSED"), (run.ExitCode, (string)two["outcome"]!));
        Assert.Contains("input_changed:", two["notes"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mkfifo run_record.json")]
    [InlineData("ln -s /etc/hostname run_record.json")]
    [InlineData("ln -s ../../../../../mine run_record.json")]
    public async Task What_stands_where_the_record_is_written_next_gives_way_to_it(string script)
    {
        var mine = _folder.Under("mine");
        await File.WriteAllTextAsync(mine, "mine", TestContext.Current.CancellationToken);
        Builder.Add("ONE", $"cd {_folder.Under(".assay", "epochs", "EPOCH_TEST", "ONE")}; {script}", c => c["sandbox"] = "none");
        Assert.Equal(0, (await RunAsync("epoch", "run", Builder.Write())).ExitCode);
        Assert.Equal("mine", await File.ReadAllTextAsync(mine, TestContext.Current.CancellationToken));
        Assert.Equal(0, (await RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task An_artifacts_root_that_is_a_link_holds_large_output_and_what_is_salvaged()
    {
        Directory.CreateDirectory(_folder.Under("real"));
        File.CreateSymbolicLink(_folder.Under("link"), "real");
        Builder.Plan["runner_config"] = new JsonObject { ["template_id"] = "C019_RUNNER_V1" };
        Builder.Add("ONE", "echo kept > left; printf '[{\"outcome\":\"REFUSE\",\"filler\":\"'; head -c 100000 /dev/zero | tr '\\0' x; echo '\"}]'");
        var run = await RunAsync("epoch", "run", Builder.Write(), "--mode", "salvage", "--artifacts-root", _folder.Under("link"), "--json");
        Assert.DoesNotContain("runner_output_too_large", run.Output, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(_folder.Under("real"), "left", SearchOption.AllDirectories));
        Assert.Equal(0, (await RunAsync("verify")).ExitCode);
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/dev/tty")]
    [InlineData("/")]
    public async Task What_is_no_file_is_no_plan(string path)
    {
        var run = await RunAsync("epoch", "run", path);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"assay: {path}: is a ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("job replay <(printf '{}')", "[schema_version]", 2)]
    [InlineData("job replay <(yes)", "is larger than", 2)]
    [InlineData("job replay <(cat events.jsonl)", "DONE", 0)]
    public async Task What_a_shell_hands_over_is_read_to_a_bound(string command, string said, int exitCode)
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        for (var i = 0; i < 2; i++)
        {
            await folder.WorkAsync();
            if ((await folder.ShowAsync(id))["waiting"] is not null) await folder.ApproveAsync(id);
        }

        File.Copy(folder.Under(".assay", "jobs", id, "events.jsonl"), folder.Under("events.jsonl"));
        var run = await AssayProgram.RunAsync("bash", ["-c", $"\"$0\" {command}", AssayProgram.Program], folder.Path, null, Patience);
        Assert.True(run.ExitCode == exitCode, run.Output + run.Error);
        Assert.Contains(said, run.Output + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Loops, "COMPLETED")]
    [InlineData(Nest, "FAILED")]
    [InlineData("truncate -s 2T big", "FAILED")]
    [InlineData("rm ../work.snapshot; mkfifo ../work.snapshot", "FAILED")]
    [InlineData("echo garbage > ../work.snapshot", "FAILED")]
    public async Task A_task_that_leaves_what_has_no_end_ends(string script, string status)
    {
        using var folder = new TaskFolder().File("kept.txt", "kept\n");
        folder.Add("LEAVES", script);
        folder.Add("AFTER", "echo 1 > after.txt");
        var run = await AssayProgram.RunAsync(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Write().Path, null, Patience);
        Assert.True(run.ExitCode is 0 or 1, run.Output + run.Error);
        var results = await folder.ResultsAsync();
        Assert.Equal((status, "COMPLETED"), ((string)results["LEAVES"]["status"]!, (string)results["AFTER"]["status"]!));
        var withoutLinks = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Under(".assay"), "d", withoutLinks));
    }

    [Fact]
    public async Task A_working_tree_that_is_a_link_is_refused()
    {
        using var folder = new TaskFolder();
        folder.Add("ONE", "echo 1 > new.txt");
        Directory.Delete(folder.Under("tree"));
        Directory.CreateDirectory(folder.Under("elsewhere"));
        File.CreateSymbolicLink(folder.Under("tree"), folder.Under("elsewhere"));
        var run = await folder.Write().ExecuteAsync();
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("/tasks/0/working_tree: tree is a link, or lies behind one", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Under(".assay")));
    }

    [Theory]
    [InlineData("tree")]
    [InlineData(".")]
    public async Task A_project_that_is_named_through_a_link_is_worked_on(string tree)
    {
        using var folder = new TaskFolder();
        folder.Add("ONE", tree == "." ? "echo 1 > tree/new.txt" : "echo 1 > new.txt", "true", "**/new.txt")["working_tree"] = tree;
        File.CreateSymbolicLink(_folder.Under("link"), folder.Write().Path);
        var run = await RunAsync("execute", "--run-id", TaskFolder.RunId, "--root", _folder.Under("link"), "--workspace", _folder.Under("w"));
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Equal("1\n", folder.Read("new.txt"));
    }

    [Theory]
    [InlineData(Loops)]
    [InlineData(Nest)]
    [InlineData("truncate -s 2T big")]
    [InlineData("mkfifo p")]
    public async Task A_stage_that_leaves_what_has_no_end_ends(string line)
    {
        using var folder = new JobFolder().Before($"[ $ASSAY_STAGE != run ] || ({line})").Write();
        var id = await folder.SubmitAsync();
        var worked = await AssayProgram.RunAsync(AssayProgram.Program, ["worker", "--run-jobs", "--once"], folder.Path, null, Patience);
        for (var i = 0; i < 3 && (await folder.ShowAsync(id))["waiting"] is not null; i++)
        {
            await folder.ApproveAsync(id);
            worked = await AssayProgram.RunAsync(AssayProgram.Program, ["worker", "--run-jobs", "--once"], folder.Path, null, Patience);
        }

        Assert.True(worked.ExitCode is >= 0 and < 128, worked.Output + worked.Error);
        Assert.NotEqual("RUNNING", (string)(await folder.ShowAsync(id))["job"]!["state"]!);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    private Task<ProgramResult> RunAsync(params string[] words) => AssayProgram.RunAsync(AssayProgram.Program, words, _folder.Path, null, Patience);
}
