using Assay.Lanes.Epochs;

namespace Assay.Tests;

/// <summary>The library call for other programs.</summary>
public sealed class LibraryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_plan_is_run_and_its_summary_returned()
    {
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "exit 0").Write();
        var summary = await EpochLibrary.RunEpochFromPlan(plan, workspace: _folder.Under("w"));
        Assert.Equal((EpochVerdict.Pass, 1), (summary.EpochVerdict, summary.CruciblesPassed));
    }

    [Fact]
    public async Task The_sample_of_thirty_lines_runs_an_epoch_and_reads_its_record()
    {
        var sample = Path.Combine(AppContext.BaseDirectory, "../../RunAnEpoch/release/RunAnEpoch");
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "exit 0").Write();
        var run = await AssayProgram.RunAsync(sample, [plan, _folder.Under("w")], _folder.Path, null, TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.StartsWith("ONE Pass ", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("EPOCH_TEST Pass\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify", "--workspace", _folder.Under("w"))).ExitCode);
        Assert.Equal(2, (await AssayProgram.RunAsync(sample, [_folder.Under("none"), _folder.Under("w")], _folder.Path, null, TimeSpan.FromMinutes(1))).ExitCode);
        Assert.InRange(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "../../../../samples/RunAnEpoch/Program.cs")).Length, 10, 32);
    }

    [Fact]
    public async Task A_command_in_place_of_every_crucibles_own_is_another_identity()
    {
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "exit 0").Write();
        var own = await EpochLibrary.RunEpochFromPlan(plan, workspace: _folder.Under("w"));
        var other = await EpochLibrary.RunEpochFromPlan(plan, runnerCommandOverride: ["sh", "-c", "exit 1"], artifactsRoot: _folder.Under("a"), workspace: _folder.Under("w"));
        Assert.Equal(EpochVerdict.Fail, other.EpochVerdict);
        Assert.NotEqual(own.Runs[0].RunId, other.Runs[0].RunId);
        Assert.True(File.Exists(_folder.Under("a", "epochs", "EPOCH_TEST_RUN2", "epoch_summary.json")));
    }

    [Fact]
    public async Task A_bad_plan_is_an_exception_that_names_its_place_and_leaves_nothing()
    {
        var builder = new PlanBuilder(_folder.Under("plan")).Add("ONE", "exit 0");
        builder.Plan["surprise"] = 1;
        var refused = await Assert.ThrowsAsync<EpochRefusedException>(() => EpochLibrary.RunEpochFromPlan(builder.Write(), workspace: _folder.Under("w")));
        Assert.Contains("/surprise", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Under("w")));
    }
}
