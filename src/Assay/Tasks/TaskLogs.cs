using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Engine;
using Assay.Engine.Processes;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;

namespace Assay.Tasks;

/// <summary>
/// Writes what happens into the project's logs while it happens: <c>logs/executor.jsonl</c>, <c>logs/resilience.jsonl</c>, and what tasks
/// print into <c>logs/execution/TASK.jsonl</c>. They carry nothing that the ledger does not.
/// </summary>
internal sealed class TaskLogs(string projectRoot, Secrets secrets, TimeProvider time) : IDisposable
{
    private readonly RotatedLog _executor = new(projectRoot, TaskPaths.ExecutorLog);
    private readonly RotatedLog _resilience = new(projectRoot, TaskPaths.ResilienceLog);
    private readonly ConcurrentDictionary<string, RotatedLog> _tasks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Effect, string Stream), LineBuffer> _lines = new();

    public void Observe(EngineNotice notice)
    {
        switch (notice)
        {
            case EventsCommitted { Stream.Lane: TaskLane.LaneName } committed:
                foreach (var recorded in committed.Events) OnExecution(committed.Stream, recorded);
                break;
            case EventsCommitted { Stream.Lane: AdapterLane.LaneName } committed:
                foreach (var recorded in committed.Events.Where(e => e.Body is not EffectEvent and not AdapterConfigured))
                {
                    _resilience.Write(Line(committed.Stream, recorded, AdapterLane.Instance.Events));
                }

                break;
            case AttemptProgressed { Progress: ProcessOutput output } progressed:
                OnOutput(progressed.Effect.Id, output);
                break;
        }
    }

    public void Dispose()
    {
        foreach (var (key, buffer) in _lines) Print(key.Effect, key.Stream, buffer.Rest());
        _executor.Dispose();
        _resilience.Dispose();
        foreach (var log in _tasks.Values) log.Dispose();
    }

    private void OnExecution(StreamName stream, RecordedEvent recorded)
    {
        if (recorded.Body is EffectFinished ended) Flush(ended.EffectId);
        if (recorded.Body is not TaskLaneEvent body) return;
        var line = Line(stream, recorded, TaskLane.Instance.Events);
        if (body is TaskEvent of) line["task_id"] = of.TaskId;
        if (TaskLog.Describe(body) is { } message) line["message"] = secrets.Redact(message);
        _executor.Write(line);
        if (body is TaskRetried or TaskDeferred or ExecutionPaused or ExecutionResumed or Escalated or EscalationUndelivered) _resilience.Write((JsonObject)line.DeepClone());
    }

    private void OnOutput(string effectId, ProcessOutput output)
    {
        var buffer = _lines.GetOrAdd((effectId, output.Stream), static _ => new LineBuffer());
        Print(effectId, output.Stream, buffer.Take(output.Bytes.Span));
    }

    private void Flush(string effectId)
    {
        foreach (var stream in new[] { "stdout", "stderr" })
        {
            if (_lines.TryRemove((effectId, stream), out var buffer)) Print(effectId, stream, buffer.Rest());
        }
    }

    private void Print(string effectId, string stream, IEnumerable<string> lines)
    {
        if (TaskEffects.TaskOf(effectId) is not { } task) return;
        var log = _tasks.GetOrAdd(task, id => new RotatedLog(projectRoot, TaskPaths.TaskLog(id)));
        foreach (var text in lines)
        {
            log.Write(new JsonObject { ["t"] = RecordedTime.Text(time.GetUtcNow()), ["stream"] = stream, ["effect"] = effectId, ["text"] = secrets.Redact(text) });
        }
    }

    private static JsonObject Line(StreamName stream, RecordedEvent recorded, EventCatalog events) => new()
    {
        ["t"] = RecordedTime.Text(recorded.At),
        ["stream"] = stream.ToString(),
        ["version"] = recorded.Version,
        ["event"] = events.NameOf(recorded.Body),
    };

    /// <summary>Bytes as they come, given out line by line; a line that does not end is cut.</summary>
    private sealed class LineBuffer
    {
        private const int MaxLine = 16 * 1024;

        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly StringBuilder _text = new();

        public List<string> Take(ReadOnlySpan<byte> bytes)
        {
            var chars = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            var count = _decoder.GetChars(bytes, chars, flush: false);
            var lines = new List<string>();
            lock (_text)
            {
                foreach (var c in chars.AsSpan(0, count))
                {
                    if (c != '\n') _text.Append(c);
                    if (c == '\n' || _text.Length >= MaxLine) lines.AddRange(Rest(keepEmpty: c == '\n'));
                }
            }

            return lines;
        }

        public List<string> Rest(bool keepEmpty = false)
        {
            lock (_text)
            {
                if (_text.Length == 0 && !keepEmpty) return [];
                var line = _text.ToString();
                _text.Clear();
                return [line];
            }
        }
    }
}
