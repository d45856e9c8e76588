using System.Globalization;
using Assay.Host;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;
using Assay.Tasks;

namespace Assay.Cli.Output;

/// <summary>Runs and tasks as a person reads them on a terminal.</summary>
internal static class TaskTable
{
    private const string Interrupted = "INTERRUPTED";

    /// <summary>A run with all its tasks.</summary>
    public static void Print(ExecutionState state, IReadOnlySet<string>? interrupted = null)
    {
        List(state, [.. state.Tasks], interrupted).Print(null, json: false);
        Stand(state, interrupted);
    }

    /// <summary>Some tasks of a run.</summary>
    public static Listing List(ExecutionState state, IReadOnlyList<TaskState> tasks, IReadOnlySet<string>? interrupted)
    {
        var results = ExecutionResults.Document(state, interrupted)["results"]!.AsArray()
            .ToDictionary(r => (string)r!["task_id"]!, r => r!, StringComparer.Ordinal);
        var listing = new Listing(
            "tasks", "the run's queue names none", "TASK", "STATE", "ADAPTER", "TRIES", "TIME", "TESTS", "PATCH", "WHY");
        foreach (var task in tasks)
        {
            var passed = task.Tests.Count(t => t.Passed);
            listing.Add(
                results[task.Spec.TaskId].DeepClone(), task.Spec.TaskId,
                State(task, interrupted?.Contains(task.Spec.TaskId) == true), task.AdapterId,
                task.Attempts.ToString(CultureInfo.InvariantCulture), Time(task),
                task.Tests.IsEmpty ? "" : $"{passed}/{task.Tests.Length}", task.Patch?.PatchId, Why(task));
        }

        return listing;
    }

    /// <summary>How a run stands, and what a person can do about it.</summary>
    public static void Stand(ExecutionState state, IReadOnlySet<string>? interrupted)
    {
        Console.Out.WriteLine();
        Console.Out.WriteLine(Summary(state));
        if (interrupted?.Count > 0) Console.Out.WriteLine(GoesOn(state));
        foreach (var task in state.Tasks.Where(state.WaitsForPerson))
        {
            Console.Out.WriteLine($"{task.Spec.TaskId} waits for a person: assay task show {task.Spec.TaskId}, then assay task done {task.Spec.TaskId} --evidence FILE");
        }
    }

    /// <summary>The reason, and first of all what was open to its programs.</summary>
    private static string Why(TaskState task) => string.Join(": ", new[] { CageNote.Of(task.Uncaged, task.NetworkOpen), task.Reason }.OfType<string>());

    public static void Print(ExecutionState state, TaskState task, bool isInterrupted, string? prompt, IReadOnlyList<LaneRow> log)
    {
        Console.Out.WriteLine($"{task.Spec.TaskId}  {Words.Safe(task.Spec.Title)}");
        Console.Out.WriteLine($"{State(task, isInterrupted)}{(Why(task) is { Length: > 0 } why ? $": {Words.Safe(why)}" : "")}");
        var repeatable = task.Spec.RetrySafe ? ", retry_safe" : "";
        Console.Out.WriteLine($"{task.Spec.Kind} · priority {task.Spec.Priority} · adapters {string.Join(", ", task.Spec.AdapterIds)} · attempts {task.Attempts}{repeatable}");
        if (task.Spec.RoutingReason is { } routed) Console.Out.WriteLine($"routed: {Words.Safe(routed)}");
        if (task.Spec.WorkingTree is { } tree) Console.Out.WriteLine($"tree {tree} · may write {string.Join(" ", task.Spec.FileScope.Write)}");
        if (task.Patch is { } patch) Console.Out.WriteLine($"patch {patch.PatchId}: {patch.FileCount} files, +{patch.Added} -{patch.Removed}; assay patch show {patch.PatchId}");
        foreach (var line in AgentWords.Of(task)) Console.Out.WriteLine(line);
        if (prompt is not null)
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine(Words.SafeLines(prompt.TrimEnd()));
        }

        foreach (var test in task.Tests)
        {
            Console.Out.WriteLine();
            var because = test.Reason is { } text ? $": {Words.Safe(text)}" : "";
            Console.Out.WriteLine($"{(test.Passed ? "passed" : "FAILED")}  {test.Name}  {test.Tests} tests, {test.Failures} failed, {Shown.Duration(test.DurationMs)}{because}");
            if (AgentWords.Network(test.Egress) is { } reached) Console.Out.WriteLine($"        {reached}");
            foreach (var failure in test.FirstFailures) Console.Out.WriteLine($"        {Words.Safe(failure)}");
        }

        Console.Out.WriteLine();
        foreach (var entry in log) Console.Out.WriteLine($"{Shown.Time(entry.Text("at"))}  {entry.Text("event"),-20} {Words.Safe(entry.Text("message") ?? "")}".TrimEnd());
        if (isInterrupted) Console.Out.WriteLine($"\n{GoesOn(state)}");
        if (!state.WaitsForPerson(task)) return;
        Console.Out.WriteLine();
        if (task.Attempt?.Copy is { } copy) Console.Out.WriteLine($"Work in the copy of the tree: {copy.Work} of the workspace");
        Console.Out.WriteLine($"Then: assay task done {task.Spec.TaskId} --evidence FILE  or  assay task fail {task.Spec.TaskId} --reason \"…\"");
    }

    private static string State(TaskState task, bool isInterrupted) => isInterrupted ? Interrupted : WireName<TaskPhase>.Of(task.Phase);

    private static string GoesOn(ExecutionState state)
    {
        var command = $"assay execute --run-id {state.Declared.RunId} --root {Words.Safe(state.Declared.ProjectRoot)}";
        return $"The engine that worked on it is gone. It goes on with: {command}";
    }

    private static string Summary(ExecutionState state)
    {
        var counts = TaskWords.Counts(state);
        var spent = state.Tasks.Cost;
        var known = spent.Micros > 0 ? $" · {spent}" : "";
        var cost = state.Tasks.Any(t => t.IsCostUnknown) ? $" · cost not known ({spent} counted)" : known;
        var pause = state.PauseReason is { } reason ? $" · paused: {Words.Safe(reason)}" : "";
        return $"{state.Declared.RunId}: {counts}{cost}{pause}";
    }

    private static string Time(TaskState task) => task is { StartedAt: { } start, EndedAt: { } end } ? Shown.Duration((long)(end - start).TotalMilliseconds) : "";
}
