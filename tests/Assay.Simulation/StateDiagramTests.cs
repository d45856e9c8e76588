using System.Collections.Immutable;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;
using Assay.Tests;

namespace Assay.Simulation;

/// <summary>
/// The diagrams of <c>docs/states.md</c> are made from the folds: each arrow is a step that a simulated life took. The lives are the same in
/// each run, so that the document is the same until a machine changes.
/// </summary>
public sealed class StateDiagramTests
{
    private const int Lives = 300;

    private const string Head =
        """
        # States

        What the machines of the lanes go through: each arrow is a step that one of many simulated lives took, with the events that led there.
        Made by `tests/Assay.Simulation/StateDiagramTests.cs` from the folds themselves; it fails when they and this page differ, and leaves
        what it found beside it. What each state means stands at its declaration in `src/Assay.Lanes`.


        """;

    [Fact]
    public void The_page_of_states_shows_what_the_machines_do()
    {
        var maps = Maps();
        for (var seed = 0; seed < Lives; seed++)
        {
            TakeIn(maps, new EpochSimulation(seed).Live());
            TakeIn(maps, new JobSimulation(seed).Live());
            TakeIn(maps, new TaskSimulation(seed).Live());
            TakeIn(maps, LadderLife.Live(seed));
            TakeIn(maps, DossierLife.Live(seed));
        }

        var found = Head + string.Join('\n', maps.Select(m => m.Draw()));
        var page = Path.Combine(SharedData.RepositoryRoot, "docs", "states.md");
        var known = File.Exists(page) ? File.ReadAllText(page) : "";
        if (found != known) File.WriteAllText(Path.ChangeExtension(page, ".received.md"), found);
        Assert.Equal(known, found);
    }

    private static ImmutableArray<StateMap> Maps() =>
    [
        new StateMap("Epoch", EpochLane.Instance, s => [("", WireName<EpochPhase>.Of(((EpochState)s).Phase))], "finished"),
        new StateMap("Crucible", EpochLane.Instance, s => ((EpochState)s).Crucibles.Select(c => (c.Declared.CrucibleId, Crucible(c)))),
        new StateMap("Ladder", LadderLane.Instance, s => [("", Ladder((LadderState)s))], "reached", "stopped"),
        new StateMap("Job", JobLane.Instance, s => [("", WireName<JobPhase>.Of(((JobState)s).Phase))], "DONE", "CANCELLED", "REJECTED", "STOPPED_BUDGET"),
        new StateMap("Dossier", DossierLane.Instance, s => [("", ((DossierState)s).Phase.ToString())], "Completed"),
        new StateMap("Run of tasks", TaskLane.Instance, s => [("", WireName<ExecutionPhase>.Of(((ExecutionState)s).Phase))], "FINISHED"),
        new StateMap("Task", TaskLane.Instance, s => ((ExecutionState)s).Tasks.Select(t => (t.Spec.TaskId, WireName<TaskPhase>.Of(t.Phase))), "COMPLETED"),
        new StateMap("Circuit breaker of an adapter", AdapterLane.Instance, s => [("", WireName<Circuit>.Of(((AdapterState)s).Breaker.Circuit))]),
        new StateMap("Patch", ProjectLane.Instance, s => ((ProjectState)s).Patches.Select(p => (p.Key, WireName<PatchState>.Of(p.Value.State)))),
    ];

    private static void TakeIn(ImmutableArray<StateMap> maps, World world)
    {
        foreach (var stream in world.Streams)
        {
            foreach (var map in maps.Where(m => m.LaneName == stream.Lane)) map.TakeIn(stream, world.Acknowledged(stream));
        }
    }

    private static string Crucible(CrucibleState crucible) => crucible switch
    {
        { Result: { } result } => WireName<CrucibleOutcome>.Of(result.Outcome),
        { NeedsReplay: true } => "repeated",
        { Attempts: > 0 } => "begun",
        _ => "open",
    };

    private static string Ladder(LadderState ladder) => ladder switch
    {
        { Finished.Reached: true } => "reached",
        { Finished.Cancelled: true } => "cancelled",
        { Finished: not null } => "stopped",
        { Cancelling: true } => "cancelling",
        _ => "climbing",
    };
}
