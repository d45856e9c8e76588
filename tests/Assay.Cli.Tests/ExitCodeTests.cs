using System.Collections.Immutable;
using System.Text;
using Assay.Cli;
using Assay.Epochs;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay.Tests;

/// <summary>One table from how something stands to the exit code, whichever command says it.</summary>
public sealed class ExitCodeTests
{
    [Fact]
    public void Every_verdict_and_state_has_one_exit_code()
    {
        var table = new StringBuilder();
        foreach (var verdict in Enum.GetValues<EpochVerdict>()) Line($"epoch {WireName<EpochVerdict>.Of(verdict)}", ExitCodes.Of(verdict, null));
        foreach (var reason in Enum.GetValues<EndReason>())
        {
            Line($"epoch {WireName<EpochVerdict>.Of(EpochVerdict.FailClosed)} {WireName<EndReason>.Of(reason)}", ExitCodes.Of(EpochVerdict.FailClosed, reason));
        }

        Line("ladder reached", ExitCodes.Of(Ladder(EpochVerdict.Pass, reached: true)));
        Line("ladder stopped", ExitCodes.Of(Ladder(EpochVerdict.Fail)));
        Line("ladder stopped, no evidence", ExitCodes.Of(Ladder(EpochVerdict.FailClosed)));
        Line("ladder cancelled", ExitCodes.Of(Ladder(EpochVerdict.FailClosed) with { Cancelled = true }));
        foreach (var state in JobTables.StateWords.Where(s => s != "DONE")) Line($"job {state}", ExitCodes.Of(Job(state, null)));
        foreach (var verdict in (string[])["PASS", "FAIL"]) Line($"job DONE {verdict}", ExitCodes.Of(Job("DONE", verdict)));
        foreach (var state in WireName<Assay.Lanes.Tasks.TaskPhase>.All) Line($"task {state}", ExitCodes.Of(Task(state)));
        Line("task PENDING, waits for a person", ExitCodes.Of(Task("PENDING") with { WaitsForPerson = true }));
        Line("task FAILED, policy", ExitCodes.Of(Task("FAILED") with { BrokePolicy = true }));
        Line("run, all completed", ExitCodes.Of(Run(Task("COMPLETED"), Task("COMPLETED"))));
        Line("run, one failed", ExitCodes.Of(Run(Task("COMPLETED"), Task("FAILED"))));
        Line("run, one broke a policy", ExitCodes.Of(Run(Task("FAILED"), Task("FAILED") with { BrokePolicy = true })));
        Line("task FAILED, cost limit", ExitCodes.Of(Task("FAILED") with { HitBudget = true }));
        Line("run, one hit its cost limit", ExitCodes.Of(Run(Task("FAILED"), Task("FAILED") with { HitBudget = true })));
        var broke = Task("FAILED") with { BrokePolicy = true };
        Line("run, cost limit and policy", ExitCodes.Of(Run(Task("FAILED") with { HitBudget = true }, broke)));
        Line("run, goes on", ExitCodes.Of(Run(Task("FAILED"), Task("IN_PROGRESS"))));
        Line("run, waits for a person", ExitCodes.Of(Run(Task("FAILED"), Task("PENDING") with { WaitsForPerson = true })));
        Approved.Matches(table.ToString(), "exit_codes");

        void Line(string what, int code) => table.Append(System.Globalization.CultureInfo.InvariantCulture, $"{what,-40} {code}\n");
    }

    [Fact]
    public void README_lists_them_as_they_are()
    {
        var readme = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "README.md")).ReplaceLineEndings(" ");
        Assert.Contains(string.Join(" · ", ExitCodes.All.Select(c => $"{c.Code} {c.Meaning}")), readme, StringComparison.Ordinal);
        var declared = typeof(ExitCodes).GetFields().Where(f => f.IsLiteral).Select(f => (int)f.GetValue(null)!);
        Assert.Equal(declared.Order(), ExitCodes.All.Select(c => c.Code).Order());
    }

    [Fact]
    public async Task What_has_ended_is_shown_with_the_exit_code_of_its_verdict()
    {
        using var folder = new TemporaryFolder();
        await EpochAsync("OK", "true", 0);
        await EpochAsync("BAD", "false", 1);
        var slow = new PlanBuilder(folder.Under("SLOW")).Add("ONE", "sleep 30").Add("TWO", "true");
        (slow.Plan["epoch_id"], slow.Plan["budgets"]!["epoch_wall_clock_ms"]) = ("SLOW", 400);
        Assert.Equal(4, (await AssayProgram.RunAsync(folder.Path, "epoch", "run", slow.Write())).ExitCode);
        Assert.Equal(4, (await AssayProgram.RunAsync(folder.Path, "epoch", "show", "SLOW", "--json")).ExitCode);

        async Task EpochAsync(string id, string script, int code)
        {
            var plan = new PlanBuilder(folder.Under(id)).Add("ONE", script);
            plan.Plan["epoch_id"] = id;
            Assert.Equal(code, (await AssayProgram.RunAsync(folder.Path, "epoch", "run", plan.Write())).ExitCode);
            Assert.Equal(code, (await AssayProgram.RunAsync(folder.Path, "epoch", "show", id)).ExitCode);
        }
    }

    [Fact]
    public async Task What_waits_or_goes_on_is_no_failure()
    {
        using var folder = new PlanFolderOf("EPOCH_TEST");
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "epoch", "submit", folder.Plan)).ExitCode);
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "epoch", "show", "EPOCH_TEST")).ExitCode);
    }

    [Fact]
    public async Task A_task_is_shown_with_the_exit_code_of_how_it_ended()
    {
        using var folder = new TaskFolder();
        folder.File("a.txt", "a\n");
        folder.Add("good", "echo b > a.txt");
        folder.Add("bad", "echo c > a.txt", test: "false");
        folder.Add("strays", "echo c > other.txt", write: "a.txt");
        folder.Repository().Write();
        Assert.Equal(6, (await folder.ExecuteAsync()).ExitCode);
        Assert.Equal(6, (await folder.RunAsync("run", "status", TaskFolder.RunId)).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("task", "show", "good")).ExitCode);
        Assert.Equal(1, (await folder.RunAsync("task", "show", "bad", "--json")).ExitCode);
        Assert.Equal(6, (await folder.RunAsync("task", "show", "strays")).ExitCode);
    }

    private static LadderEnd Ladder(EpochVerdict verdict, bool reached = false) =>
        new(new LadderSummary("L", reached, null, [new RungFinished(0, 1, "E", verdict, reached, null)]), Cancelled: false);

    private static JobSummary Job(string state, string? verdict) => new()
    {
        JobId = "0123456789ab",
        Kind = "blueprint",
        Title = "t",
        State = state,
        Verdict = verdict,
        RootJobId = "0123456789ab",
        Generation = 0,
        SnapshotId = "s",
        PolicyBundleId = "b",
        CostUsd = 0,
        WallClockMs = 0,
        SubmittedBy = "me",
        SubmittedAt = "",
        UpdatedAt = "",
    };

    private static TaskSummary Task(string state) => new()
    {
        TaskId = "t",
        Title = "t",
        State = state,
        HasEnded = state is "COMPLETED" or "FAILED" or "TIMEOUT" or "CANCELLED",
        WaitsForPerson = false,
        BrokePolicy = false,
        Attempts = 1,
        Tests = 0,
        TestsPassed = 0,
    };

    private static RunView Run(params ImmutableArray<TaskSummary> tasks) => new()
    {
        RunId = "r",
        State = "RUNNING",
        ProjectRoot = "/",
        Tasks = tasks,
        Counts = [],
        Adapters = [],
    };

    /// <summary>A plan of one crucible in a folder of its own.</summary>
    private sealed class PlanFolderOf : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public PlanFolderOf(string id)
        {
            var builder = new PlanBuilder(_folder.Under("plan")).Add("ONE", "true");
            builder.Plan["epoch_id"] = id;
            Plan = builder.Write();
        }

        public string Path => _folder.Path;

        public string Plan { get; }

        public void Dispose() => _folder.Dispose();
    }
}
