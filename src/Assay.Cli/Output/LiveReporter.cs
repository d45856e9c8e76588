using Assay.Engine.Runner;
using Assay.Engine.Streams;
using Assay.Host;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;
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
    private readonly Task _drawing;
    private EpochState? _state;

    public LiveReporter() => _drawing = Task.Run(DrawAsync);

    public override void Observe(EngineNotice notice)
    {
        lock (_gate)
        {
            switch (notice)
            {
                case EventsCommitted { State: EpochState state } committed:
                    _state = state;
                    foreach (var recorded in committed.Events)
                    {
                        if (recorded.Body is EffectFinished or EffectInterrupted) Remove(((EffectEvent)recorded.Body).EffectId);
                    }

                    break;
                case AttemptBegan { Effect: RunProcess process }:
                    _running[EpochEffects.CrucibleOf(process.Id)] = new Running(process, DateTimeOffset.UtcNow, null);
                    break;
                case AttemptProgressed { Effect: RunProcess process, Progress: ProcessProgress progress }:
                    var id = EpochEffects.CrucibleOf(process.Id);
                    if (_running.TryGetValue(id, out var running)) _running[id] = running with { Last = progress };
                    break;
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_ended.IsCancellationRequested) return;
        await _ended.CancelAsync();
        await _drawing;
        _ended.Dispose();
    }

    /// <summary>Takes away an effect that has ended, unless the next of the same crucible has begun.</summary>
    private void Remove(string effectId)
    {
        var id = EpochEffects.CrucibleOf(effectId);
        if (_running.GetValueOrDefault(id)?.Process.Id == effectId) _running.Remove(id);
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
            if (_state is not { IsDeclared: true } state) return new Text("");
            var table = new Table().Border(TableBorder.None).AddColumns("CRUCIBLE", "STATE", "TIME", "MEMORY", "WRITTEN");
            var first = Math.Max(0, Math.Min(state.FirstOpen - 3, state.Crucibles.Length - MaxRows));
            foreach (var crucible in state.Crucibles.Skip(first).Take(MaxRows)) table.AddRow(Row(crucible));
            var title = new Text($"{state.Declared.EpochId}  {state.Done} of {state.Crucibles.Length} done, {state.Failed} failed");
            return new Rows(title, table);
        }
    }

    private IRenderable[] Row(CrucibleState crucible)
    {
        var id = crucible.Declared.CrucibleId;
        if (crucible.Result is { } result)
        {
            var style = result.Outcome == CrucibleOutcome.Pass ? Color.Green : Color.Red;
            var written = (crucible.Run?.Stdout.SizeBytes ?? 0) + (crucible.Run?.Stderr.SizeBytes ?? 0);
            return
            [
                new Text(id), new Text(WireName<CrucibleOutcome>.Of(result.Outcome), style), new Text(Shown.Duration(crucible.Run?.DurationMs ?? 0)),
                new Text(Shown.Bytes(crucible.Run?.PeakRssBytes ?? 0)), new Text(Shown.Bytes(written)),
            ];
        }

        if (!_running.TryGetValue(id, out var running))
        {
            return [new Text(id, Color.Grey), new Text("waiting", Color.Grey), new Text(""), new Text(""), new Text("")];
        }

        var caps = running.Process.Caps;
        var elapsed = (DateTimeOffset.UtcNow - running.Since).TotalMilliseconds;
        var last = running.Last;
        var rss = last?.RssBytes ?? 0;
        return
        [
            new Text(id), new Text(crucible.NeedsReplay ? "replaying" : "running", Color.Yellow),
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

    private sealed record Running(RunProcess Process, DateTimeOffset Since, ProcessProgress? Last);
}
