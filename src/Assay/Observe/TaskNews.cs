using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;

namespace Assay.Observe;

/// <summary>Something that happened in a run of tasks, for a person who watches it.</summary>
/// <param name="Of">The task or adapter; null: the run.</param>
/// <param name="Word">What happened, in a word; null: something of the engine.</param>
/// <param name="Text">More of it; null: that says all.</param>
internal sealed record TaskNews(string? Of, string? Word, string? Text)
{
    private const string Prefix = "TASK_";

    /// <summary>What a notice of the engine tells.</summary>
    public static IEnumerable<TaskNews> From(EngineNotice notice) => notice switch
    {
        EngineTrouble trouble => [new TaskNews(null, null, trouble.Text)],
        EventsCommitted committed => committed.Events.Where(e => e.Body is not EffectEvent).Select(e => From(committed.Stream, e.Body)).OfType<TaskNews>(),
        _ => [],
    };

    private static TaskNews? From(StreamName stream, Event body) => body switch
    {
        TaskDeclared or AdapterDeclared or ExecutionDeclared or ExecutionStarted or AdapterConfigured or CircuitCounted or ProbeReported => null,
        TaskEvent of => new TaskNews(of.TaskId, Short(TaskLane.Instance.Events.NameOf(of)), TaskLog.Describe(of)),
        TaskLaneEvent of => new TaskNews(null, TaskLane.Instance.Events.NameOf(of), TaskLog.Describe(of)),
        HealthChanged changed => new TaskNews(stream.Id, changed.Healthy ? "healthy" : "UNHEALTHY", changed.Reason),
        CircuitOpened or CircuitHalfOpened or CircuitClosed => new TaskNews(stream.Id, AdapterLane.Instance.Events.NameOf(body), null),
        _ => null,
    };

    private static string Short(string name) => (name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name).ToLowerInvariant();
}
