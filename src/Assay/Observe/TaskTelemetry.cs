using System.Diagnostics;
using System.Diagnostics.Metrics;
using Assay.Engine.Workspaces;

namespace Assay.Observe;

/// <summary>Metrics and traces of all runs that one process works on, while it does.</summary>
internal sealed class TaskTelemetry : IAsyncDisposable
{
    private const string Name = "Assay.Tasks";

    private readonly OtlpExport _export = OtlpExport.Start(Name);
    private readonly Meter _meter = new(Name);
    private readonly ActivitySource _source = new(Name);
    private readonly LatestMetrics _latest;

    public TaskTelemetry(Workspace workspace, TimeProvider time)
    {
        Executed = _meter.CreateCounter<long>("tasks_executed_total", description: "Tasks that have ended, by state");
        Retries = _meter.CreateCounter<long>("retry_attempts_total", description: "Attempts after the first");
        const string meaning = "How long a task that has ended was worked on, without what it waited";
        Durations = _meter.CreateHistogram<double>("task_duration_seconds", "s", meaning);
        _latest = new LatestMetrics(workspace, time);
        var success = _meter.CreateObservableGauge(
            "task_success_rate", () => Rate(_latest.Value?.SuccessRate),
            description: "Completed of those that completed, failed or timed out");
        _meter.CreateObservableGauge(
            "acceptance_test_pass_rate", () => Rate(_latest.Value?.TestPassRate), description: "Acceptance tests that passed");
        _meter.CreateObservableGauge("circuit_breaker_state", () => Circuits(_latest.Value), description: "0 closed, 1 half open, 2 open");
        _meter.CreateObservableGauge("adapter_health_check", () => Health(_latest.Value), description: "1 when the last check went well");
        _meter.CreateObservableGauge(
            "executor_heartbeat", () => time.GetUtcNow().ToUnixTimeSeconds(), "s", "When the executor last said that it lives");
        _latest.Begin(() => success.Enabled);
    }

    /// <summary>Tasks that have ended.</summary>
    public Counter<long> Executed { get; }

    /// <summary>Attempts after the first.</summary>
    public Counter<long> Retries { get; }

    /// <summary>Seconds that tasks which have ended were worked on, without what they waited.</summary>
    public Histogram<double> Durations { get; }

    /// <summary>Begins to follow a run.</summary>
    public TaskTrace Follow(string runId) => new(this, _source, runId);

    public async ValueTask DisposeAsync()
    {
        await _latest.DisposeAsync();

        // The last values are read from the meter while they are sent.
        _export.Dispose();
        _source.Dispose();
        _meter.Dispose();
    }

    private static IEnumerable<Measurement<double>> Rate(double? rate) => rate is { } value ? [new Measurement<double>(value)] : [];

    private static IEnumerable<Measurement<int>> Circuits(TaskMetrics? metrics) =>
        (metrics?.Adapters ?? []).Select(a => new Measurement<int>(a.State, TaskTrace.Tag("adapter_id", a.AdapterId)));

    private static IEnumerable<Measurement<int>> Health(TaskMetrics? metrics) => (metrics?.Adapters ?? []).Where(a => a.Healthy is not null)
        .Select(a => new Measurement<int>(a.Healthy == true ? 1 : 0, TaskTrace.Tag("adapter_id", a.AdapterId)));
}
