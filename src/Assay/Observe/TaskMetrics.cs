using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Lanes.Tasks;

namespace Assay.Observe;

/// <summary>An adapter as metrics see it.</summary>
public sealed record AdapterMetric(string AdapterId, string Circuit, bool? Healthy)
{
    /// <summary>0 closed, 1 half open, 2 open.</summary>
    public int State => Circuit switch
    {
        "CLOSED" => 0,
        "HALF_OPEN" => 1,
        _ => 2,
    };
}

/// <summary>The metrics of the Tasks lane (seed 001: metrics, health_checks), read from its tables.</summary>
public sealed record TaskMetrics
{
    /// <summary>Upper bounds of the duration histogram, in seconds.</summary>
    public static readonly double[] Buckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400];

    private static readonly string[] Ended = ["COMPLETED", "FAILED", "TIMEOUT", "CANCELLED"];

    /// <summary>Tasks that have ended, by state.</summary>
    public required IReadOnlyDictionary<string, long> Executed { get; init; }

    /// <summary>How long each took that was started, in seconds.</summary>
    public required IReadOnlyList<double> DurationsSeconds { get; init; }

    public required long Retries { get; init; }

    public required long TestsPassed { get; init; }

    public required long TestsFailed { get; init; }

    public required IReadOnlyList<AdapterMetric> Adapters { get; init; }

    /// <summary>When a process that works on the workspace last said that it lives; null: none does.</summary>
    public required DateTimeOffset? Heartbeat { get; init; }

    /// <summary>Completed of those that ended by themselves; null when none has.</summary>
    public double? SuccessRate => Ratio(Executed["COMPLETED"], Executed["FAILED"] + Executed["TIMEOUT"]);

    public double? TestPassRate => Ratio(TestsPassed, TestsFailed);

    /// <summary>Reads all rows of tasks and adapters.</summary>
    public static async Task<TaskMetrics> ReadAsync(Workspace workspace, TimeProvider time)
    {
        var tasks = await workspace.Store.RowsAsync(TaskTables.Tasks);
        return new TaskMetrics
        {
            Executed = Ended.ToDictionary(s => s, s => tasks.LongCount(t => t.Text("state") == s), StringComparer.Ordinal),
            DurationsSeconds = [.. tasks.Where(t => Ended.Contains(t.Text("state")) && t.Text("started_at") is not null).Select(t => t.Number("duration_ms") / 1000.0)],
            Retries = tasks.Sum(t => Math.Max(0, t.Number("attempts") - 1)),
            TestsPassed = tasks.Sum(t => t.Number("tests_passed")),
            TestsFailed = tasks.Sum(t => t.Number("tests_failed")),
            Adapters = [.. (await workspace.Store.RowsAsync(AdapterTables.Adapters)).Select(Adapter)],
            Heartbeat = await HeartbeatNowAsync(workspace, time),
        };
    }

    /// <summary>The same with the heartbeat of now, which needs no commit to change.</summary>
    public async Task<TaskMetrics> AtAsync(Workspace workspace, TimeProvider time) =>
        this with { Heartbeat = await HeartbeatNowAsync(workspace, time) };

    private static async ValueTask<DateTimeOffset?> HeartbeatNowAsync(Workspace workspace, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var sessions = await workspace.Store.SessionsAsync();
        return sessions.Where(s => s.Holds).Max(s => (DateTimeOffset?)(now + s.LeaseLeft - EngineSession.Lease));
    }

    private static AdapterMetric Adapter(LaneRow row) => new(row.Key, row.Text("circuit")!, row.Text("health") switch
    {
        "healthy" => true,
        "unhealthy" => false,
        _ => null,
    });

    private static double? Ratio(long good, long bad) => good + bad == 0 ? null : good / (double)(good + bad);
}
