using System.Diagnostics;
using System.Diagnostics.Metrics;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;
using Assay.Tasks;

namespace Assay.Telemetry;

/// <summary>
/// Metrics and traces of an execution, while it happens. A run is one trace, whose id is the beginning of the digest from which its stream's hash chain starts, so
/// that ledger and trace lead to each other and a resumed run goes on in its trace; each attempt is a span that names run, task, attempt and adapter as the ledger does.
/// </summary>
internal sealed class TaskTelemetry : IDisposable
{
    public const string Name = "Assay.Tasks";

    private readonly OtlpExport _export = OtlpExport.Start();
    private readonly Meter _meter = new(Name);
    private readonly ActivitySource _source = new(Name);
    private readonly Counter<long> _executed;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _durations;
    private readonly Dictionary<string, Activity> _attempts = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Activity? _run;
    private readonly string _runId;

    public TaskTelemetry(Workspace workspace, string runId, TimeProvider time)
    {
        _runId = runId;
        _executed = _meter.CreateCounter<long>("tasks_executed_total", description: "Tasks that have ended, by state");
        _retries = _meter.CreateCounter<long>("retry_attempts_total", description: "Attempts after the first");
        _durations = _meter.CreateHistogram<double>("task_duration_seconds", "s", "From a task's first start to its end");
        TaskMetrics Now() => TaskMetrics.Read(workspace, time);
        _meter.CreateObservableGauge("task_success_rate", () => Rate(Now().SuccessRate), description: "Completed of those that completed, failed or timed out");
        _meter.CreateObservableGauge("acceptance_test_pass_rate", () => Rate(Now().TestPassRate), description: "Acceptance tests that passed");
        _meter.CreateObservableGauge(
            "circuit_breaker_state", () => Now().Adapters.Select(a => new Measurement<int>(a.State, Tag("adapter_id", a.AdapterId))),
            description: "0 closed, 1 half open, 2 open");
        _meter.CreateObservableGauge(
            "adapter_health_check", () => Now().Adapters.Where(a => a.Healthy is not null).Select(a => new Measurement<int>(a.Healthy == true ? 1 : 0, Tag("adapter_id", a.AdapterId))),
            description: "1 when the last check went well");
        _meter.CreateObservableGauge("executor_heartbeat", () => time.GetUtcNow().ToUnixTimeSeconds(), "s", "When the executor last said that it lives");

        var digest = TaskLane.StreamOf(runId).Genesis.ToString();
        var context = new ActivityContext(ActivityTraceId.CreateFromString(digest.AsSpan(0, 32)), ActivitySpanId.CreateFromString(digest.AsSpan(32, 16)), ActivityTraceFlags.Recorded, isRemote: true);
        _run = _source.StartActivity("execution", ActivityKind.Internal, context);
        _run?.SetTag("assay.stream", TaskLane.StreamOf(runId).ToString()).SetTag("assay.run_id", runId);
    }

    public void Observe(EngineNotice notice)
    {
        if (notice is not EventsCommitted { State: ExecutionState state } committed || committed.Stream != TaskLane.StreamOf(_runId)) return;
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

        // The last values are read from the meter while they are sent.
        _export.Dispose();
        _source.Dispose();
        _meter.Dispose();
    }

    private void OnEvent(ExecutionState state, RecordedEvent recorded)
    {
        switch (recorded.Body)
        {
            case TaskStarted started:
                if (started.Attempt > 1) _retries.Add(1, Tag("adapter_id", started.AdapterId));
                Begin(started, recorded);
                break;
            case TaskTested { Result: var result } tested:
                _attempts.GetValueOrDefault(tested.TaskId)?.AddEvent(new ActivityEvent($"test {result.Name}", recorded.At, new ActivityTagsCollection { ["passed"] = result.Passed }));
                break;
            case TaskRetried or TaskDeferred:
                End(((TaskEvent)recorded.Body).TaskId, ActivityStatusCode.Error, TaskLog.Describe((TaskLaneEvent)recorded.Body), recorded.At);
                break;
            case TaskEnded ended:
                var task = state.Task(ended.TaskId);
                _executed.Add(1, Tag("state", WireName<TaskPhase>.Of(task.Phase)));
                if (task.StartedAt is { } start) _durations.Record((recorded.At - start).TotalSeconds, Tag("state", WireName<TaskPhase>.Of(task.Phase)));
                End(ended.TaskId, task.Phase == TaskPhase.Completed ? ActivityStatusCode.Ok : ActivityStatusCode.Error, ended.Reason, recorded.At);
                break;
        }
    }

    private void Begin(TaskStarted started, RecordedEvent recorded)
    {
        var attempt = _source.StartActivity("attempt", ActivityKind.Internal, _run?.Context ?? default, startTime: recorded.At);
        if (attempt is null) return;
        attempt.SetTag("assay.run_id", _runId).SetTag("assay.task_id", started.TaskId).SetTag("assay.attempt", started.Attempt).SetTag("assay.adapter_id", started.AdapterId)
            .SetTag("assay.event_version", recorded.Version);
        _attempts[started.TaskId] = attempt;
    }

    private void End(string taskId, ActivityStatusCode status, string? reason, DateTimeOffset at)
    {
        if (!_attempts.Remove(taskId, out var attempt)) return;
        attempt.SetStatus(status, reason);
        attempt.SetEndTime(at.UtcDateTime);
        attempt.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static IEnumerable<Measurement<double>> Rate(double? rate) => rate is { } value ? [new Measurement<double>(value)] : [];
}
