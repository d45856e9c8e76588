using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Engine.Runner;
using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;

namespace Assay.Observe;

/// <summary>
/// Writes what happens into the project's logs while it happens: <c>logs/executor.jsonl</c>, <c>logs/resilience.jsonl</c>, and into
/// <c>logs/execution/TASK.jsonl</c> what a task went through since it was started, and what it printed. They carry nothing that the ledger
/// does not.
/// </summary>
internal sealed class TaskLogs : IDisposable
{
    private readonly StreamName _run;
    private readonly HashSet<StreamName> _adapters;
    private readonly string _projectRoot;
    private readonly Secrets _secrets;
    private readonly TimeProvider _time;
    private readonly RotatedLog _executor;
    private readonly RotatedLog _resilience;
    private readonly ConcurrentDictionary<string, bool> _started;
    private readonly ConcurrentDictionary<string, RotatedLog> _tasks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Effect, string Stream), LineBuffer> _lines = new();

    /// <param name="run">The run's stream.</param>
    /// <param name="state">The run.</param>
    /// <param name="time">The clock.</param>
    public TaskLogs(StreamName run, ExecutionState state, TimeProvider time)
    {
        (_run, _projectRoot, _secrets, _time) = (run, state.Declared.ProjectRoot, Secrets.Of(state), time);
        var started = state.Tasks.Where(t => t.Attempts > 0).Select(t => KeyValuePair.Create(t.Spec.TaskId, true));
        _started = new ConcurrentDictionary<string, bool>(started, StringComparer.Ordinal);
        _adapters = [.. state.Adapters.Keys.Select(AdapterLane.StreamOf)];
        _executor = new RotatedLog(_projectRoot, TaskPaths.ExecutorLog);
        _resilience = new RotatedLog(_projectRoot, TaskPaths.ResilienceLog);
    }

    /// <summary>Takes what concerns the run and its adapters.</summary>
    public void Observe(EngineNotice notice)
    {
        if (notice.Stream != _run && !_adapters.Contains(notice.Stream)) return;
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
            case AttemptProgressed { Progress: ProcessOutput output } progressed when notice.Stream == _run:
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
        if (TaskLog.Describe(body) is { } message) line["message"] = _secrets.Redact(message);
        _executor.Write(line);
        if (body is TaskStarted started) _started[started.TaskId] = true;
        if (body is TaskEvent told && _started.ContainsKey(told.TaskId)) LogOf(told.TaskId).Write((JsonObject)line.DeepClone());
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
        var log = LogOf(task);
        foreach (var text in lines)
        {
            log.Write(new JsonObject { ["t"] = RecordedTime.Text(_time.GetUtcNow()), ["stream"] = stream, ["effect"] = effectId, ["text"] = _secrets.Redact(text) });
        }
    }

    private RotatedLog LogOf(string task) => _tasks.GetOrAdd(task, id => new RotatedLog(_projectRoot, TaskPaths.TaskLog(id)));

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
