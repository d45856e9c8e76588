using System.Globalization;
using System.Text;
using Assay.Engine.Workspaces;
using Assay.Observe;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Api.Tasks;

/// <summary>The metrics of the Tasks lane as Prometheus text (exposition format 0.0.4), read from the tables, so that they hold over restarts and for all workers.</summary>
internal sealed class MetricsEndpoint(Workspace workspace, TimeProvider time) : IDisposable
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly OncePerCommit<TaskMetrics> _metrics = new(workspace.Store, () => TaskMetrics.ReadAsync(workspace, time));

    public void Dispose() => _metrics.Dispose();

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/metrics", AnswerAsync)
        .WithTags("health").WithSummary("Metrics for Prometheus").Produces<string>(200, "text/plain");

    private async Task<IResult> AnswerAsync() => Results.Text(Text(await (await _metrics.ValueAsync()).AtAsync(workspace, time)), ContentType);

    private static readonly string[] States = ["CLOSED", "OPEN", "HALF_OPEN"];

    /// <summary>The metrics as text.</summary>
    public static string Text(TaskMetrics metrics)
    {
        var text = new StringBuilder();
        Begin(text, "tasks_executed_total", "counter", "Tasks that have ended, by state.");
        foreach (var (state, count) in metrics.Executed) Sample(text, "tasks_executed_total", count, ("state", state));
        Begin(text, "task_duration_seconds", "histogram", "How long a task that has ended was worked on, without what it waited.");
        foreach (var bound in TaskMetrics.Buckets)
        {
            Sample(text, "task_duration_seconds_bucket", metrics.DurationsSeconds.Count(d => d <= bound), ("le", bound.ToString(CultureInfo.InvariantCulture)));
        }

        Sample(text, "task_duration_seconds_bucket", metrics.DurationsSeconds.Count, ("le", "+Inf"));
        Sample(text, "task_duration_seconds_sum", metrics.DurationsSeconds.Sum());
        Sample(text, "task_duration_seconds_count", metrics.DurationsSeconds.Count);
        Begin(text, "retry_attempts_total", "counter", "Attempts after the first.");
        Sample(text, "retry_attempts_total", metrics.Retries);
        Rate(text, "task_success_rate", "Completed of those that completed, failed or timed out.", metrics.SuccessRate);
        Rate(text, "acceptance_test_pass_rate", "Acceptance tests that passed.", metrics.TestPassRate);
        Begin(text, "circuit_breaker_state", "gauge", "0 closed, 1 half open, 2 open.");
        foreach (var adapter in metrics.Adapters) Sample(text, "circuit_breaker_state", adapter.State, ("adapter_id", adapter.AdapterId));
        Begin(text, "circuit_breaker_status", "gauge", "1 for the state in which a breaker is.");
        foreach (var adapter in metrics.Adapters)
        {
            foreach (var state in States) Sample(text, "circuit_breaker_status", adapter.Circuit == state ? 1 : 0, ("adapter_id", adapter.AdapterId), ("state", state));
        }

        Begin(text, "adapter_health_check", "gauge", "1 when the adapter's last health check went well.");
        foreach (var adapter in metrics.Adapters.Where(a => a.Healthy is not null)) Sample(text, "adapter_health_check", adapter.Healthy == true ? 1 : 0, ("adapter_id", adapter.AdapterId));
        Begin(text, "executor_heartbeat", "gauge", "When a process that works on the workspace last said that it lives, in seconds since 1970; 0: none does.");
        Sample(text, "executor_heartbeat", metrics.Heartbeat?.ToUnixTimeSeconds() ?? 0);
        return text.ToString();
    }

    private static void Rate(StringBuilder text, string name, string help, double? rate)
    {
        Begin(text, name, "gauge", help);
        if (rate is { } value) Sample(text, name, value);
    }

    private static void Begin(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Sample(StringBuilder text, string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(CultureInfo.InvariantCulture, $"{labels[i].Name}=\"{Escape(labels[i].Value)}\"");
            if (i == labels.Length - 1) text.Append('}');
        }

        text.Append(CultureInfo.InvariantCulture, $" {value}\n");
    }

    private static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
