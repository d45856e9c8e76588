using System.Diagnostics;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Mirror;
using Assay.Ledger.Sqlite;
using Assay.Ledger.Verification;

namespace Assay.Bench;

/// <summary>A ledger of a million events: whether a step still costs the same, and how long opening and verifying take.</summary>
internal static class MillionBench
{
    private const int Streams = 100;
    private const int Million = 1_000_000;
    private const int Batch = 100;

    private static readonly EventCatalog Catalog = new EventCatalog().Add("STEPPED", static () => BenchJson.Default.Stepped);

    public static async Task RunAsync(Report report, string folder)
    {
        var path = Path.Combine(folder, "ledger.db");
        var rates = new List<(int Events, double PerSecond)>();
        await using (var store = SqliteEventStore.Open(path))
        {
            var heads = Enumerable.Range(0, Streams).ToDictionary(i => StreamName.Of("bench", $"S{i}"), i => StreamHead.Empty(StreamName.Of("bench", $"S{i}")));
            var watch = Stopwatch.StartNew();
            for (var done = 0; done < Million; done += Streams * Batch)
            {
                var before = watch.Elapsed;
                await Task.WhenAll(heads.Keys.ToList().Select(stream => Task.Run(async () =>
                {
                    Event[] events = [.. Enumerable.Range(0, Batch).Select(n => new Stepped(n, "finished", new string('x', 60)))];
                    var append = new StreamAppend(stream, heads[stream], EventEnvelope.Seal(stream, heads[stream], events, DateTimeOffset.UtcNow, Catalog));
                    await store.CommitAsync(new Commit([append]));
                    lock (heads) heads[stream] = append.Head;
                })));
                rates.Add((done, Streams * Batch / (watch.Elapsed - before).TotalSeconds));
            }
        }

        report.Table("Events a second while a ledger grows to a million", "events a second");
        report.Row("the first hundred thousand", rates.Take(10).Average(r => r.PerSecond), "0");
        report.Row("the last hundred thousand", rates.TakeLast(10).Average(r => r.PerSecond), "0");

        report.Table("A ledger of a million events", "seconds");
        var open = Stopwatch.StartNew();
        await using var again = SqliteEventStore.Open(path);
        _ = await again.FindAsync(StreamName.Of("bench", "S1"));
        report.Row("open it and find a stream", open.Elapsed.TotalSeconds, "0.000");
        var verify = Stopwatch.StartNew();
        var verified = await new LedgerVerifier(again, new LaneSet(), new FileMirror(folder)).VerifyAsync();
        if (verified.Problems.Count > 0 || verified.Events != Million) throw new InvalidOperationException("the ledger does not verify");
        report.Row("verify every chain", verify.Elapsed.TotalSeconds);
    }
}
