using Assay.Engine.Streams;
using Assay.Host;
using Assay.Observe;

namespace Assay.Cli.Output;

/// <summary>A line for each start and each end.</summary>
internal sealed class PlainReporter : EpochReporter
{
    private readonly Lock _gate = new();

    public override void Observe(EngineNotice notice)
    {
        switch (EpochNews.Of(notice))
        {
            case EpochNews.Began began:
                var again = began.Attempt > 1 ? $" (attempt {began.Attempt})" : "";
                Write($"{began.CrucibleId}: {Doing(began.Work)}{again}");
                break;
            case EpochNews.Trouble trouble:
                Write(Words.Safe(trouble.Text));
                break;
            case EpochNews.Moved moved:
                var before = moved.Epoch.Done - moved.Ended.Count;
                for (var i = 0; i < moved.Ended.Count; i++) Write(Line(moved.Ended[i], before + i + 1, moved.Epoch.Count));
                break;
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Doing(CrucibleWork work) => work switch
    {
        CrucibleWork.Replay => "runs again, to compare",
        CrucibleWork.Salvage => "collecting what it left",
        _ => "started",
    };

    private static string Line(CrucibleLine crucible, int number, int of)
    {
        var notes = crucible.Notes.IsEmpty ? "" : $"  {Words.Safe(string.Join(", ", crucible.Notes))}";
        var used = $"{Shown.Duration(crucible.DurationMs)}  {Shown.Bytes(crucible.PeakRssBytes)}";
        return $"{crucible.CrucibleId}: {crucible.Outcome}  {used}{notes}  [{number}/{of}]";
    }

    private void Write(string line)
    {
        lock (_gate) Console.Error.WriteLine(line);
    }
}
