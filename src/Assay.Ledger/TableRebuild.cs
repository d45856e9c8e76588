using System.Diagnostics;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>Makes the tables of lanes from their events.</summary>
/// <param name="store">The ledger.</param>
/// <param name="lanes">All lanes of this build.</param>
/// <param name="progress">Is told about once a second, and not at all of what takes less.</param>
public sealed class TableRebuild(IEventStore store, LaneSet lanes, Action<RebuildProgress>? progress = null)
{
    private const int BatchRows = 2_000;
    private const int PageEvents = 4_096;

    private readonly Stopwatch _watch = new();
    private readonly List<LaneRow> _batch = [];
    private TimeSpan _told;

    /// <summary>Whether a table is not as this build has it.</summary>
    public async ValueTask<bool> IsNeededAsync() => (await store.UnreadyAsync([.. lanes.SelectMany(l => l.Tables)])).Count > 0;

    /// <summary>Makes those that are not as this build has them. Nothing is written when all are.</summary>
    /// <returns>How many were made.</returns>
    public async Task<int> RunAsync() => await RunAsync(await store.UnreadyAsync([.. lanes.SelectMany(l => l.Tables)]));

    /// <summary>Makes all of them.</summary>
    public Task<int> AllAsync() => RunAsync([.. lanes.SelectMany(l => l.Tables)]);

    private async Task<int> RunAsync(IReadOnlyList<LaneTable> tables)
    {
        if (tables.Count == 0) return 0;
        _watch.Start();
        await store.BeginTablesAsync(tables);
        var wanted = tables.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var streams = new List<(ILane Lane, StreamName Stream)>();
        foreach (var lane in lanes.Where(l => l.Tables.Any(t => wanted.Contains(t.Name))))
        {
            streams.AddRange((await store.StreamsAsync(lane.Name)).Select(info => (lane, info.Stream)));
        }

        for (var i = 0; i < streams.Count; i++)
        {
            await FillAsync(streams[i].Lane, streams[i].Stream, wanted);
            Tell(i + 1, streams.Count);
        }

        await FlushAsync();
        await store.FinishTablesAsync(tables);
        return tables.Count;
    }

    private async Task FillAsync(ILane lane, StreamName stream, HashSet<string> wanted)
    {
        var fold = LaneFold.Of(lane);
        for (var version = 0L; ;)
        {
            var page = await store.ReadAsync(stream, version, PageEvents);
            foreach (var stored in page)
            {
                (fold, var folded) = fold.Take(EventEnvelope.Open(stored.Bytes, lane.Events));
                _batch.AddRange(lane.Rows(folded.State, folded.Recorded).Where(r => wanted.Contains(r.Table.Name)));
                version = stored.Version;
                if (_batch.Count >= BatchRows) await FlushAsync();
            }

            if (page.Count < PageEvents) return;
        }
    }

    private async Task FlushAsync()
    {
        if (_batch.Count > 0) await store.FillTablesAsync([.. _batch]);
        _batch.Clear();
    }

    private void Tell(int done, int all)
    {
        if (progress is null || _watch.Elapsed - _told < TimeSpan.FromSeconds(1)) return;
        _told = _watch.Elapsed;
        progress(new RebuildProgress(done, all));
    }
}

/// <summary>How far the making of tables is.</summary>
/// <param name="Streams">Streams that are done.</param>
/// <param name="Of">All streams that fill them.</param>
public sealed record RebuildProgress(int Streams, int Of);
