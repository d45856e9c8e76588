using System.Text.Json.Nodes;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

/// <summary>A project goes from one workspace to another: each has its own record, and neither loses anything of it.</summary>
public sealed class HandOverTests
{
    private const string Other = "other";

    [Fact]
    public async Task A_project_that_is_handed_over_and_back_leaves_both_records_whole()
    {
        using var folder = new TaskFolder().Repository();
        folder.Add("one", "echo 1 > one.txt", "test -f one.txt");
        folder.Add("two", "echo 2 > two.txt", "test -f two.txt");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        var first = File.ReadAllBytes(folder.Under(".state", "patch_ledger.jsonl"));
        await RenameRunAsync(folder, TaskFolder.RunId, "night-2");
        File.Delete(folder.Under("tree", "one.txt"));
        var other = folder.Under(Other);
        string[] there = ["execute", "--run-id", "night-2", "--workspace", other];
        Assert.Equal(2, (await folder.RunAsync(there)).ExitCode);
        var taken = await folder.RunAsync([.. there, "--take-over"]);
        Assert.True(taken.ExitCode == 0, taken.Output + taken.Error);
        Assert.NotEqual(first, File.ReadAllBytes(folder.Under(".state", "patch_ledger.jsonl")));
        await BothAgreeAsync(folder);

        // What is asked of a record whose project is elsewhere is refused; the project itself comes back as it went.
        var patch = JsonNode.Parse((await folder.RunAsync("patch", "list", "--json")).Output)!["items"]![0]!["patch_id"]!;
        var refused = await folder.RunAsync("patch", "rollback", (string)patch!);
        Assert.True(refused.ExitCode == 2 && refused.Error.Contains("[project_claimed]", StringComparison.Ordinal), refused.Error);
        await RenameRunAsync(folder, "night-2", TaskFolder.RunId);
        Assert.Equal(0, (await folder.RunAsync("execute", "--run-id", TaskFolder.RunId, "--take-over")).ExitCode);
        Assert.Equal(first, File.ReadAllBytes(folder.Under(".state", "patch_ledger.jsonl")));
        await BothAgreeAsync(folder);
        Assert.Equal(0, (await folder.RunAsync("patch", "rollback", (string)patch!)).ExitCode);
        await BothAgreeAsync(folder);
    }

    [Fact]
    public async Task A_worker_leaves_alone_what_was_handed_over()
    {
        using var folder = new TaskFolder();
        var mark = folder.Under("mark");
        for (var i = 0; i < 3; i++) folder.Add($"t{i}", $"echo {i} >> '{mark}'; sleep 1")["retry_safe"] = true;
        using (var engine = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId, "-j", "1"], folder.Write().Path))
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(mark), TimeSpan.FromMinutes(1)), "no task began");
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        var other = folder.Under(Other);
        Assert.Equal(0, (await folder.RunAsync("execute", "--run-id", TaskFolder.RunId, "--workspace", other, "--take-over")).ExitCode);
        var done = File.ReadAllText(mark);
        var left = await folder.RunAsync("worker", "--once");
        Assert.Contains($"the project belongs to the workspace {other}", left.Output + left.Error, StringComparison.Ordinal);
        Assert.Equal(done, File.ReadAllText(mark));
        await BothAgreeAsync(folder);
    }

    [Fact]
    public async Task A_project_that_is_named_in_another_way_is_the_same_project()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "echo 1 > one.txt", "test -f one.txt");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("worker", "--once", "--run-tasks", $"{folder.Path}/")).ExitCode);
        Assert.True(File.Exists(folder.Under(".state", "patch_ledger.jsonl")), "the record's own file was put aside");
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_hand_over_that_a_crash_cut_short_is_brought_to_its_end(bool isSaid, bool isHalfPutAside)
    {
        using var folder = new TaskFolder();
        folder.Add("one", "echo 1 > one.txt", "test -f one.txt");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        var (own, other) = (folder.Under(".assay"), folder.Under(Other));
        var claim = new JsonObject { ["schema_version"] = "project_claim_v1", ["workspace"] = other, ["from"] = own };
        await File.WriteAllTextAsync(folder.Under(".state", "workspace.json"), claim.ToJsonString());
        if (isSaid)
        {
            await using var workspace = await Workspace.OpenAsync(own, KnownLanes.All);
            var project = ProjectLane.StreamOf(TaskIdentity.ProjectId(folder.Path));
            await new CommandHandler(workspace, TimeProvider.System).SubmitAsync(ProjectLane.Instance, project, new HandOverProject(other, "of-x"));
        }

        var ledger = folder.Under(".state", "patch_ledger.jsonl");
        if (isHalfPutAside) File.Move(ledger, ledger.Replace(".jsonl", ".of-x.jsonl", StringComparison.Ordinal));
        await RenameRunAsync(folder, TaskFolder.RunId, "night-2");
        File.Delete(folder.Under("tree", "one.txt"));
        Assert.Equal(2, (await folder.RunAsync("execute", "--run-id", "night-2")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("execute", "--run-id", "night-2", "--workspace", other)).ExitCode);
        Assert.DoesNotContain("from", await File.ReadAllTextAsync(folder.Under(".state", "workspace.json")), StringComparison.Ordinal);
        await BothAgreeAsync(folder);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_crash_before_a_record_has_its_own_files_again_costs_neither_anything(bool isGiven)
    {
        using var folder = new TaskFolder();
        folder.Add("one", "echo 1 > one.txt", "test -f one.txt");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        await RenameRunAsync(folder, TaskFolder.RunId, "night-2");
        File.Delete(folder.Under("tree", "one.txt"));
        string[] there = ["execute", "--run-id", "night-2", "--workspace", folder.Under(Other)];
        Assert.Equal(0, (await folder.RunAsync([.. there, "--take-over"])).ExitCode);
        var own = folder.Under(".assay");
        var project = ProjectLane.StreamOf(TaskIdentity.ProjectId(folder.Path));
        var ledger = folder.Under(".state", "patch_ledger.jsonl");
        var lines = await File.ReadAllTextAsync(ledger);

        // The first workspace takes the project back, and dies when the other one's files are put aside.
        await using (var workspace = await Workspace.OpenAsync(folder.Under(Other), KnownLanes.All))
        {
            await new CommandHandler(workspace, TimeProvider.System).SubmitAsync(ProjectLane.Instance, project, new HandOverProject(own, "of-x"));
        }

        foreach (var path in TaskPaths.OfRecord) File.Move(Path.Combine(folder.Path, path), Path.Combine(folder.Path, TaskPaths.Aside(path, "of-x")));
        var claim = new JsonObject { ["schema_version"] = "project_claim_v1", ["workspace"] = own };
        if (!isGiven) claim["from"] = folder.Under(Other);
        await File.WriteAllTextAsync(folder.Under(".state", "workspace.json"), claim.ToJsonString());
        await RenameRunAsync(folder, "night-2", TaskFolder.RunId);
        Assert.Equal(0, (await folder.ExecuteAsync()).ExitCode);
        await BothAgreeAsync(folder);
        Assert.Equal(lines, await File.ReadAllTextAsync(ledger.Replace(".jsonl", ".of-x.jsonl", StringComparison.Ordinal)));
        Assert.NotEqual(lines, await File.ReadAllTextAsync(ledger));
    }

    [Fact]
    public async Task What_lies_in_a_project_that_nobody_claims_is_not_written_over()
    {
        using var folder = new TaskFolder();
        folder.Add("one", "echo 1 > one.txt", "test -f one.txt");
        Assert.Equal(0, (await folder.Write().ExecuteAsync()).ExitCode);
        var ledger = folder.Under(".state", "patch_ledger.jsonl");
        var lines = await File.ReadAllTextAsync(ledger);
        File.Delete(folder.Under(".state", "workspace.json"));
        File.Delete(folder.Under("tree", "one.txt"));
        Assert.Equal(0, (await folder.RunAsync("execute", "--run-id", TaskFolder.RunId, "--workspace", folder.Under(Other))).ExitCode);
        Assert.Equal(lines, await File.ReadAllTextAsync(folder.Under(".state", "patch_ledger.of-nobody.jsonl")));
        Assert.Equal(0, (await folder.RunAsync("verify", "--workspace", folder.Under(Other))).ExitCode);
    }

    private static async Task BothAgreeAsync(TaskFolder folder)
    {
        foreach (string[] of in new string[][] { [], ["--workspace", folder.Under(Other)] })
        {
            var verified = await folder.RunAsync(["verify", .. of]);
            Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
        }
    }

    private static async Task RenameRunAsync(TaskFolder folder, string from, string to)
    {
        foreach (var name in new[] { "task_queue.json", "routing_decisions.json" })
        {
            var path = folder.Under(".state", name);
            await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace(from, to, StringComparison.Ordinal));
        }
    }
}
