using Assay.Engine.Streams;
using Assay.Host;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Cli.Output;

/// <summary>A line for each start and each end.</summary>
internal sealed class PlainReporter : EpochReporter
{
    private readonly Lock _gate = new();

    public override void Observe(EngineNotice notice)
    {
        switch (notice)
        {
            case AttemptBegan began when began.Stream.Lane == EpochLane.LaneName:
                var again = began.Attempt > 1 ? $" (attempt {began.Attempt})" : "";
                Write($"{EpochEffects.CrucibleOf(began.Effect.Id)}: {Doing(began.Effect.Id)}{again}");
                break;
            case EngineTrouble trouble:
                Write(Words.Safe(trouble.Text));
                break;
            case EventsCommitted { State: EpochState state } committed:
                foreach (var recorded in committed.Events)
                {
                    if (recorded.Body is CrucibleFinished finished) Write(Line(state, finished));
                }

                break;
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Doing(string effectId) => EpochEffects.Kind(effectId) switch
    {
        EpochEffects.ReplayKind => "runs again, to compare",
        EpochEffects.SalvageKind => "collecting what it left",
        _ => "started",
    };

    private static string Line(EpochState state, CrucibleFinished finished)
    {
        var index = state.IndexOf(finished.CrucibleId);
        var run = state.Crucibles[index].Run;
        var notes = finished.Notes.IsEmpty ? "" : $"  {Words.Safe(string.Join(", ", finished.Notes))}";
        var used = $"{Shown.Duration(run?.DurationMs ?? 0)}  {Shown.Bytes(run?.PeakRssBytes ?? 0)}";
        return $"{finished.CrucibleId}: {WireName<CrucibleOutcome>.Of(finished.Outcome)}  {used}{notes}  [{state.Done}/{state.Crucibles.Length}]";
    }

    private void Write(string line)
    {
        lock (_gate) Console.Error.WriteLine(line);
    }
}
