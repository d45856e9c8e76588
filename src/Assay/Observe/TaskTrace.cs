using System.Diagnostics;
using Assay.Engine.Streams;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;

namespace Assay.Observe;

/// <summary>
/// The trace of a run, whose id is the beginning of the digest from which its stream's hash chain starts, so that ledger and trace lead to
/// each other and a resumed run goes on in its trace; each attempt is a span that names run, task, attempt and adapter as the ledger does.
/// </summary>
internal sealed class TaskTrace : IDisposable
{
    private readonly TaskTelemetry _telemetry;
    private readonly ActivitySource _source;
    private readonly Dictionary<string, Activity> _attempts = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly StreamName _stream;
    private readonly Activity? _run;

    public TaskTrace(TaskTelemetry telemetry, ActivitySource source, string runId)
    {
        (_telemetry, _source, _stream) = (telemetry, source, TaskLane.StreamOf(runId));
        var digest = _stream.Genesis.ToString();
        var (trace, span) = (ActivityTraceId.CreateFromString(digest.AsSpan(0, 32)), ActivitySpanId.CreateFromString(digest.AsSpan(32, 16)));
        var context = new ActivityContext(trace, span, ActivityTraceFlags.Recorded, isRemote: true);
        _run = source.StartActivity("execution", ActivityKind.Internal, context);
        _run?.SetTag("assay.stream", _stream.ToString()).SetTag("assay.run_id", runId);
    }

    /// <summary>A label of a metric.</summary>
    public static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    /// <summary>Takes what concerns the run.</summary>
    public void Observe(EngineNotice notice)
    {
        if (notice is not EventsCommitted { State: ExecutionState state } committed || committed.Stream != _stream) return;
        lock (_gate)
        {
            foreach (var recorded in committed.Events) OnEvent(state, recorded);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var attempt in _attempts.Values) attempt.Dispose();
        }

        _run?.Dispose();
    }

    private void OnEvent(ExecutionState state, RecordedEvent recorded)
    {
        switch (recorded.Body)
        {
            case TaskStarted started:
                if (started.Attempt > 1) _telemetry.Retries.Add(1, Tag("adapter_id", started.AdapterId));
                Begin(started, recorded);
                break;
            case TaskTested { Result: var result } tested:
                var passed = new ActivityTagsCollection { ["passed"] = result.Passed };
                _attempts.GetValueOrDefault(tested.TaskId)?.AddEvent(new ActivityEvent($"test {result.Name}", recorded.At, passed));
                break;
            case TaskRetried or TaskDeferred:
                var why = TaskLog.Describe((TaskLaneEvent)recorded.Body);
                End(((TaskEvent)recorded.Body).TaskId, ActivityStatusCode.Error, why, recorded.At);
                break;
            case TaskEnded ended:
                var task = state.Task(ended.TaskId);
                var phase = Tag("state", WireName<TaskPhase>.Of(task.Phase));
                _telemetry.Executed.Add(1, phase);
                if (task.StartedAt is not null) _telemetry.Durations.Record(task.Clock.WorkedMs / 1000.0, phase);
                var status = task.Phase == TaskPhase.Completed ? ActivityStatusCode.Ok : ActivityStatusCode.Error;
                End(ended.TaskId, status, ended.Reason, recorded.At);
                break;
        }
    }

    private void Begin(TaskStarted started, RecordedEvent recorded)
    {
        var attempt = _source.StartActivity("attempt", ActivityKind.Internal, _run?.Context ?? default, startTime: recorded.At);
        if (attempt is null) return;
        attempt.SetTag("assay.run_id", _stream.Id).SetTag("assay.task_id", started.TaskId).SetTag("assay.attempt", started.Attempt)
            .SetTag("assay.adapter_id", started.AdapterId).SetTag("assay.event_version", recorded.Version);
        _attempts[started.TaskId] = attempt;
    }

    private void End(string taskId, ActivityStatusCode status, string? reason, DateTimeOffset at)
    {
        if (!_attempts.Remove(taskId, out var attempt)) return;
        attempt.SetStatus(status, reason);
        attempt.SetEndTime(at.UtcDateTime);
        attempt.Dispose();
    }
}
