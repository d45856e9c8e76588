using Assay.Engine.Runner;
using Assay.Engine.Streams;
using Assay.Host;
using Assay.Kernel.Effects;
using Assay.Observe;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli.Output;

/// <summary>A table that is drawn anew while the epoch runs: state, time against cap, memory against cap, and what is written.</summary>
internal sealed class LiveReporter : EpochReporter
{
    private const int MaxRows = 20;
    private const int BarWidth = 12;

    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);

    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);
    private Task? _drawing;
    private EpochLines? _epoch;

    public override void Observe(EngineNotice notice)
    {
        lock (_gate)
        {
            _drawing ??= Task.Run(DrawAsync);
            switch (EpochNews.Of(notice))
            {
                case EpochNews.Moved moved:
                    _epoch = moved.Epoch;
                    foreach (var workId in moved.Over) Remove(workId);
                    break;
                case EpochNews.Began { Caps: { } caps } began:
                    _running[began.CrucibleId] = new Running(began.WorkId, caps, DateTimeOffset.UtcNow, null);
                    break;
                case EpochNews.Progressed { CrucibleId: var id, Progress: var progress } when _running.TryGetValue(id, out var running):
                    _running[id] = running with { Last = progress };
                    break;
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_ended.IsCancellationRequested) return;
        await _ended.CancelAsync();
        if (_drawing is { } drawing) await drawing;
        _ended.Dispose();
    }

    /// <summary>Takes away work that is over, unless the next of the same crucible has begun.</summary>
    private void Remove(string workId)
    {
        foreach (var (crucibleId, running) in _running)
        {
            if (running.WorkId == workId) _running.Remove(crucibleId);
        }
    }

    private async Task DrawAsync()
    {
        await _console.Live(new Text("")).AutoClear(true).StartAsync(async context =>
        {
            while (!_ended.IsCancellationRequested)
            {
                context.UpdateTarget(Draw());
                await Task.Delay(Frame, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });
    }

    private IRenderable Draw()
    {
        lock (_gate)
        {
            if (_epoch is not { } epoch) return new Text("");
            var table = new Table().Border(TableBorder.None).AddColumns("CRUCIBLE", "STATE", "TIME", "MEMORY", "WRITTEN");
            var first = Math.Max(0, Math.Min(epoch.FirstOpen - 3, epoch.Count - MaxRows));
            for (var place = first; place < Math.Min(first + MaxRows, epoch.Count); place++) table.AddRow(Row(epoch[place]));
            var title = new Text($"{epoch.EpochId}  {epoch.Done} of {epoch.Count} done, {epoch.Failed} failed");
            return new Rows(title, table);
        }
    }

    private IRenderable[] Row(CrucibleLine crucible)
    {
        var id = crucible.CrucibleId;
        if (crucible.Outcome is { } outcome)
        {
            return
            [
                new Text(id), new Text(outcome, crucible.Passed ? Color.Green : Color.Red), new Text(Shown.Duration(crucible.DurationMs)),
                new Text(Shown.Bytes(crucible.PeakRssBytes)), new Text(Shown.Bytes(crucible.WrittenBytes)),
            ];
        }

        if (!_running.TryGetValue(id, out var running))
        {
            return [new Text(id, Color.Grey), new Text("waiting", Color.Grey), new Text(""), new Text(""), new Text("")];
        }

        var caps = running.Caps;
        var elapsed = (DateTimeOffset.UtcNow - running.Since).TotalMilliseconds;
        var last = running.Last;
        var rss = last?.RssBytes ?? 0;
        return
        [
            new Text(id), new Text(crucible.RunsAgain ? "replaying" : "running", Color.Yellow),
            new Text($"{Bar(elapsed / caps.TimeMs)} {Shown.Duration((long)elapsed)} of {Shown.Duration(caps.TimeMs)}"),
            new Text(caps.MemoryBytes is { } cap ? $"{Bar(rss / (double)cap)} {Shown.Bytes(rss)} of {Shown.Bytes(cap)}" : Shown.Bytes(rss)),
            new Text(Shown.Bytes((last?.StdoutBytes ?? 0) + (last?.StderrBytes ?? 0))),
        ];
    }

    private static string Bar(double share)
    {
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth);
        return new string('█', full) + new string('░', BarWidth - full);
    }

    private sealed record Running(string WorkId, ProcessCaps Caps, DateTimeOffset Since, ProcessProgress? Last);
}
