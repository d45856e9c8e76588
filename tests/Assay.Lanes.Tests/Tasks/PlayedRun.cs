using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

/// <summary>A run of tasks as the tests play it: what happens by whom and when, with all that follows from it.</summary>
internal sealed class PlayedRun
{
    private LaneFold _fold;

    public PlayedRun(
        Func<AdapterSpec, AdapterSpec>? adapter = null, Func<ExecutionDeclared, ExecutionDeclared>? execution = null,
        params Func<TaskSpec, TaskSpec>[] tasks)
    {
        var given = TaskLaneTests.Declare();
        ImmutableArray<TaskSpec> specs = [.. tasks.DefaultIfEmpty(t => t).Select(change => change(given.Tasks[0]))];
        var declare = given with
        {
            Adapters = [adapter?.Invoke(given.Adapters[0]) ?? given.Adapters[0]],
            Execution = execution?.Invoke(given.Execution) ?? given.Execution,
            Tasks = specs,
        };
        _fold = LaneFold.Of(TaskLane.Instance);
        Put(declare);
        Put(new StartExecution(4, declare.Execution.By));
    }

    public DateTimeOffset Now { get; private set; } = Played.Now;

    public ExecutionState State => _fold.As<ExecutionState>();

    public List<Event> Events { get; } = [];

    /// <summary>The task as the results show it, which keep their contract.</summary>
    public JsonElement Result(string taskId = "one")
    {
        var results = JsonDocument.Parse(ExecutionResults.Text(State, new HashSet<string>())).RootElement;
        Assert.Empty(ContractCatalog.Validate(ExecutionResults.Version, results));
        return results.GetProperty("results").EnumerateArray().Single(r => r.GetProperty("task_id").GetString() == taskId);
    }

    /// <summary>The task as lists show it.</summary>
    public TaskSummary Summary(string taskId = "one") =>
        TaskViewMaker.Run(State, [], ImmutableHashSet<string>.Empty).Tasks.Single(t => t.TaskId == taskId);

    public void Wait(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public IReadOnlyList<Event> Put(Command command) => Take(Assert.IsType<Decision.Accepted>(_fold.Decide(command, Now)).Events);

    /// <summary>An effect is begun, if the schedule asks for it now.</summary>
    public Effect Begin(string kind, string taskId = "one")
    {
        var asked = _fold.Next(Now) is Work.Perform work ? work.Effects : [];
        var id = $"{kind}/{taskId}";
        var effect = asked.SingleOrDefault(e => e.Id == id || e.Id.StartsWith($"{id}/", StringComparison.Ordinal));
        Assert.True(effect is not null, $"{id} is not among {string.Join(" ", asked.Select(e => e.Id))}");
        Take([new EffectStarted(effect.Id, 1, "s", "h", "b")]);
        return effect;
    }

    /// <summary>What the schedule asks for now, by its ids.</summary>
    public IReadOnlyList<string> Asked => _fold.Next(Now) is Work.Perform work ? [.. work.Effects.Select(e => e.Id)] : [];

    public IReadOnlyList<Event> End(Effect effect, EffectOutcome outcome)
    {
        Take([new EffectFinished(effect.Id, 1, outcome)]);
        var report = new EffectCompleted(effect, 1, outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty);
        return Take(_fold.Lane.Record(_fold.State, _fold.Effects, report, Now));
    }

    /// <summary>The engine died while it was under way, which the next one finds.</summary>
    public IReadOnlyList<Event> Lose(Effect effect)
    {
        Take([new EffectInterrupted(effect.Id, 1, "the engine died", [])]);
        return Take(_fold.Lane.Record(_fold.State, _fold.Effects, new EffectLost(effect, 1, "the engine died", []), Now));
    }

    /// <summary>An adapter permits the call, or says why not.</summary>
    public IReadOnlyList<Event> Ask(PermitAnswer? answer = null, string taskId = "one") =>
        End(Begin(TaskEffectId.Permit, taskId), Answered("shell", answer ?? new PermitAnswer(PermitStatus.Allowed, null, null, null)));

    /// <summary>The tree is copied, or why not.</summary>
    public IReadOnlyList<Event> Copy(string? problem = null, string taskId = "one") =>
        End(Begin(TaskEffectId.Copy, taskId), new CopyOutcome("copies", Digest.Of("tree"), 1, problem));

    /// <summary>What an attempt has left of copies is kept or removed.</summary>
    public IReadOnlyList<Event> Release(string taskId = "one") => End(Begin(TaskEffectId.Clean, taskId), new FilesOutcome([], Complete: true));

    /// <summary>The adapter's program runs for some seconds and ends so.</summary>
    public IReadOnlyList<Event> Act(ProcessOutcome outcome, double seconds = 0, string taskId = "one")
    {
        var act = Begin(TaskEffectId.Act, taskId);
        Wait(seconds);
        return End(act, outcome);
    }

    /// <summary>It is seen that nothing has changed.</summary>
    public IReadOnlyList<Event> Capture(string taskId = "one") =>
        End(Begin(TaskEffectId.Capture, taskId), new ChangesOutcome(null, null, 0, 0, 0, 0, null));

    /// <summary>The adapter is told how the call ended, and answers.</summary>
    public IReadOnlyList<Event> Report(ReportAnswer answer, string taskId = "one") =>
        End(Begin(TaskEffectId.Report, taskId), Answered("shell", answer));

    private static AnswerOutcome Answered(string adapterId, StreamAnswer answer) =>
        new(AdapterLane.StreamOf(adapterId), answer);

    private IReadOnlyList<Event> Take(IReadOnlyList<Event> events)
    {
        foreach (var body in events)
        {
            (_fold, var folded) = _fold.Record(new RecordedEvent(Events.Count + 1, Now, body));
            _ = folded.Files;
            _ = _fold.Lane.Rows(_fold.State, folded.Recorded);
            Events.Add(body);
        }

        return events;
    }
}
