using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;

namespace Assay.Cli.Output;

/// <summary>A line for each thing that happens in a run, while it happens.</summary>
internal sealed class TaskReporter(TextWriter output)
{
    private const string Prefix = "TASK_";

    private readonly Lock _gate = new();

    public void Observe(EngineNotice notice)
    {
        if (notice is EngineTrouble trouble) Write(trouble.Text);
        if (notice is not EventsCommitted committed) return;
        foreach (var recorded in committed.Events.Where(e => e.Body is not EffectEvent)) OnEvent(committed, recorded);
    }

    private void OnEvent(EventsCommitted committed, RecordedEvent recorded)
    {
        switch (recorded.Body)
        {
            case TaskDeclared or AdapterDeclared or ExecutionDeclared or ExecutionStarted or AdapterConfigured or CircuitCounted or ProbeReported:
                break;
            case TaskEvent body:
                Write($"{body.TaskId,-14} {Name(TaskLane.Instance.Events, body),-12} {TaskLog.Describe(body)}");
                break;
            case TaskLaneEvent body:
                Write($"{"",-14} {TaskLane.Instance.Events.NameOf(body),-12} {TaskLog.Describe(body)}");
                break;
            case HealthChanged changed:
                Write($"{committed.Stream.Id,-14} {(changed.Healthy ? "healthy" : "UNHEALTHY"),-12} {changed.Reason}");
                break;
            case CircuitOpened or CircuitHalfOpened or CircuitClosed:
                Write($"{committed.Stream.Id,-14} {AdapterLane.Instance.Events.NameOf(recorded.Body)}");
                break;
        }
    }

    private static string Name(EventCatalog events, Event body)
    {
        var name = events.NameOf(body);
        return (name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name).ToLowerInvariant();
    }

    private void Write(string line)
    {
        lock (_gate) output.WriteLine(Words.Safe(line).TrimEnd());
    }
}
