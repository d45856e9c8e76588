using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Assay.Host;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;

namespace Assay.Cli.Output;

/// <summary>Runs and tasks as a person reads them on a terminal.</summary>
internal static class TaskTable
{
    private const string Interrupted = "INTERRUPTED";

    /// <summary>How much is shown of what a program said last.</summary>
    public const int LastLines = 10;

    /// <summary>A run with all its tasks.</summary>
    public static void Print(RunView run)
    {
        List(run.Tasks, results: null).Print(null, json: false);
        Stand(run);
    }

    /// <summary>Where no run is of which there could be tasks.</summary>
    public static Listing None => Empty("assay execute --run-id ID begins a run");

    /// <summary>Some tasks of a run.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="results">What a program reads of them; null: none reads it.</param>
    public static Listing List(IReadOnlyList<TaskSummary> tasks, JsonObject? results)
    {
        var items = results?["results"]!.AsArray().ToDictionary(r => (string)r!["task_id"]!, r => r!, StringComparer.Ordinal);
        var listing = Empty("the run's queue names none");
        foreach (var task in tasks)
        {
            listing.Add(
                items?[task.TaskId].DeepClone() ?? new JsonObject(), task.TaskId, State(task), task.AdapterId, task.Attempts.ToString(CultureInfo.InvariantCulture), Time(task),
                task.Tests == 0 ? "" : $"{task.TestsPassed}/{task.Tests}", task.PatchId, Why(task));
        }

        return listing;
    }

    /// <summary>The result of one task.</summary>
    public static JsonNode Result(JsonObject results, string taskId) => results["results"]!.AsArray().Single(r => (string)r!["task_id"]! == taskId)!;

    /// <summary>How a run stands, and what a person can do about it.</summary>
    public static void Stand(RunView run)
    {
        Console.Out.WriteLine();
        Console.Out.WriteLine(Summary(run));
        if (run.Tasks.Any(t => t.IsInterrupted)) Console.Out.WriteLine(GoesOn(run));
        else if (run.IsLeft) Console.Out.WriteLine($"Nobody works on it: {Execute(run)}");
        foreach (var task in run.Tasks.Where(t => t.WaitsForPerson))
        {
            Console.Out.WriteLine($"{task.TaskId} waits for a person: assay task show {task.TaskId}, then assay task done {task.TaskId} --evidence FILE");
        }
    }

    /// <summary>A task with its tests and what happened to it.</summary>
    public static void Print(RunView run, TaskView view)
    {
        var task = view.Task;
        Console.Out.WriteLine($"{task.TaskId}  {Words.Safe(task.Title)}");
        Console.Out.WriteLine($"{State(task)}{(Why(task) is { Length: > 0 } why ? $": {Words.Safe(why)}" : "")}");
        var repeatable = view.RetrySafe ? ", retry_safe" : "";
        Console.Out.WriteLine($"{view.Kind} · priority {view.Priority} · adapters {string.Join(", ", view.AdapterIds)} · attempts {task.Attempts}{repeatable}");
        if (Shown.Work(task.Took, task.Waited) is { } time) Console.Out.WriteLine($"time: {time}");
        if (view.RoutingReason is { } routed) Console.Out.WriteLine($"routed: {Words.Safe(routed)}");
        if (view.WorkingTree is { } tree) Console.Out.WriteLine($"tree {tree} · may write {string.Join(" ", view.Writes)}");
        if (view.Patch is { } patch)
        {
            var files = Shown.Count(patch.Files, "file");
            Console.Out.WriteLine($"patch {patch.PatchId}: {files}, +{patch.Added} -{patch.Removed}; assay patch show {patch.PatchId}");
        }

        foreach (var line in AgentWords.Of(view)) Console.Out.WriteLine(line);
        if (view.Prompt is { } prompt)
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine(Words.SafeLines(prompt.TrimEnd()));
        }

        Print(view.Tests);
        if (task is { HasEnded: true, State: not "COMPLETED" } && view.Tests.IsEmpty) PrintLast(view.Output);
        Console.Out.WriteLine();
        foreach (var entry in view.Events) Console.Out.WriteLine($"{Shown.Time(entry.At)}  {entry.What,-20} {Words.Safe(entry.Note ?? "")}".TrimEnd());
        if (task.IsInterrupted) Console.Out.WriteLine($"\n{GoesOn(run)}");
        if (!task.WaitsForPerson) return;
        Console.Out.WriteLine();
        if (view.WorkCopy is { } copy) Console.Out.WriteLine($"Work in the copy of the tree: {copy} of the workspace");
        Console.Out.WriteLine($"Then: assay task done {task.TaskId} --evidence FILE  or  assay task fail {task.TaskId} --reason \"…\"");
    }

    private static Listing Empty(string begin) => new("tasks", begin, "TASK", "STATE", "ADAPTER", "TRIES", "TIME", "TESTS", "PATCH", "WHY");

    private static void Print(ImmutableArray<TestView> tests)
    {
        foreach (var test in tests)
        {
            Console.Out.WriteLine();
            var because = test.Reason is { } text ? $": {Words.Safe(text)}" : "";
            var counts = $"{Shown.Count(test.Tests, "test")}, {test.Failures} failed";
            Console.Out.WriteLine($"{(test.Passed ? "passed" : "FAILED")}  {test.Name}  {counts}, {Shown.Duration(test.Took)}{because}");
            if (AgentWords.Network(test.Network) is { } reached) Console.Out.WriteLine($"        {reached}");
            foreach (var failure in test.FirstFailures) Console.Out.WriteLine($"        {Words.Safe(failure)}");
        }
    }

    /// <summary>What the program of a task said last that did not come as far as its tests.</summary>
    private static void PrintLast(IReadOnlyList<OutputLine> output)
    {
        if (output.Count == 0) return;
        Console.Out.WriteLine("\nThe last that it printed:");
        foreach (var line in output) Console.Out.WriteLine($"  {Words.Safe(line.Text)}");
    }

    /// <summary>The reason, and first of all what was open to its programs.</summary>
    private static string Why(TaskSummary task) =>
        string.Join(": ", new[] { task.Isolation, task.Reason, Shown.WaitsFor(task) }.OfType<string>());

    private static string State(TaskSummary task) => task.IsInterrupted ? Interrupted : task.State;

    private static string GoesOn(RunView run) => $"The engine that worked on it is gone. It goes on with: {Execute(run)}";

    private static string Execute(RunView run) => $"assay execute --run-id {run.RunId} --root {Words.Safe(run.ProjectRoot)}";

    private static string Summary(RunView run)
    {
        var counts = string.Join(", ", run.Counts.Select(c => $"{c.Count} {c.State}"));
        var known = run.Cost.Micros > 0 ? $" · {run.Cost}" : "";
        var cost = run.IsCostUnknown ? $" · cost not known ({run.Cost} counted)" : known;
        var pause = run.PauseReason is { } reason ? $" · paused: {Words.Safe(reason)}" : "";
        return $"{run.RunId}: {counts}{cost}{pause}";
    }

    private static string Time(TaskSummary task) => task.Took is { } took ? Shown.Duration(took) : "";
}
