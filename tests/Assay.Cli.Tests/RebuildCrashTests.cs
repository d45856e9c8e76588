using System.Diagnostics;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Kernel.Lanes;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Tasks;

namespace Assay.Tests;

/// <summary>kill -9 while the tables are made anew: what was there stays whole, and the next one makes them.</summary>
public sealed class RebuildCrashTests
{
    private const int Tasks = 1_000;

    private static readonly int Kills = CrashRounds.Of(5);

    [Fact]
    public async Task Killed_in_the_middle_of_making_tables_the_old_ones_stay_and_the_next_one_makes_them()
    {
        using var folder = new TaskFolder();
        for (var i = 0; i < Tasks; i++) folder.Add($"t{i}", "true");
        folder.Write();
        await DeclareAsync(folder);
        var before = await RowsAsync(folder);
        Assert.Equal(Tasks, before.Count);

        _ = AssayProgram.Program; // built before the watch starts
        var whole = Stopwatch.StartNew();
        Assert.Equal(0, (await folder.RunAsync("rebuild")).ExitCode);
        var random = new Random(20261126);
        for (var i = 0; i < Kills; i++)
        {
            using var rebuild = AssayProgram.Start(AssayProgram.Program, ["rebuild"], folder.Path);
            await Task.Delay(random.Next(1, (int)whole.ElapsedMilliseconds));
            rebuild.Kill();
            await rebuild.WaitForExitAsync();
            Assert.Equal(before, await RowsAsync(folder));
        }

        var made = await folder.RunAsync("rebuild");
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Equal(before, await RowsAsync(folder));
        var verify = await folder.RunAsync("verify");
        Assert.True(verify.ExitCode == 0, verify.Output);
    }

    private static async Task DeclareAsync(TaskFolder folder)
    {
        await using var workspace = await Workspace.OpenAsync(folder.Under(".assay"), KnownLanes.All);
        await WorkspaceTables.ReadyAsync(workspace);
        var prepared = TaskExecutor.Prepare(folder.Path, TaskFolder.RunId, null, new Actor("ada", "cli"));
        Assert.True(prepared.IsValid, string.Join('\n', prepared.Problems));
        var service = new CommandHandler(workspace, TimeProvider.System);
        var (decision, _) = await service.SubmitAsync(TaskLane.Instance, TaskLane.StreamOf(TaskFolder.RunId), prepared.Value.Declare);
        Assert.IsType<Decision.Accepted>(decision);
    }

    private static async Task<List<string>> RowsAsync(TaskFolder folder)
    {
        await using var workspace = await Workspace.OpenForReadingAsync(folder.Under(".assay"), KnownLanes.All);
        return [.. (await workspace.Store.RowsAsync(TaskTables.Tasks)).Select(r => $"{r.Key} {string.Join(' ', r.Values)}")];
    }
}
