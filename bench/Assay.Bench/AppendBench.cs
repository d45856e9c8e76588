using System.Diagnostics;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;
using Assay.Native;
using Microsoft.Win32.SafeHandles;

namespace Assay.Bench;

/// <summary>
/// Durable steps a second: each one commit of two sealed events, the outcome of one effect and the start of the next. Against one write and fsync a
/// step, and against plain SQLite rows.
/// </summary>
internal static class AppendBench
{
    private static readonly EventCatalog Catalog = new EventCatalog().Add("STEPPED", static () => BenchJson.Default.Stepped);
    private static readonly byte[] Row = new byte[300];

    public static async Task RunAsync(Report report, string folder)
    {
        await StepsAsync(Path.Combine(folder, "warm.db"), 50, 20_000);
        report.Table("Durable commits, one writer that waits for each", "commits a second");
        report.Row("append 300 bytes and fsync", Fsync(Path.Combine(folder, "plain")), "0");
        report.Row("SQLite, one row a transaction", Sqlite(Path.Combine(folder, "one.db"), 2000, 1), "0");
        report.Row("assay: steps in 1 stream", await StepsAsync(Path.Combine(folder, "s1.db"), 1, 4000), "0");
        report.Table("Durable commits, many writers at once", "commits or rows a second");
        report.Row("SQLite, rows in transactions of 100", Sqlite(Path.Combine(folder, "hundred.db"), 100_000, 100), "0");
        report.Row("assay: steps in 50 streams (two events each)", await StepsAsync(Path.Combine(folder, "s50.db"), 50, 100_000), "0");
        report.Row("assay: steps in 200 streams (two events each)", await StepsAsync(Path.Combine(folder, "s200.db"), 200, 100_000), "0");
    }

    private static double Fsync(string path)
    {
        const int count = 2000;
        using var file = new SafeFileHandle(Libc.Open(path, Libc.O_WRONLY | Libc.O_CREAT, 0x1A4), ownsHandle: true);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            RandomAccess.Write(file, Row, i * (long)Row.Length);
            if (Libc.FSync((int)file.DangerousGetHandle()) != 0) throw new IOException(Libc.LastError());
        }

        return count / watch.Elapsed.TotalSeconds;
    }

    private static double Sqlite(string path, int rows, int batch)
    {
        using var db = new SqliteConnection(path);
        db.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, body BLOB)");
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < rows; i += batch)
        {
            db.Execute("BEGIN IMMEDIATE");
            for (var k = 0; k < batch; k++) db.Prepare("INSERT INTO t(body) VALUES(?1)").Bind(1, (ReadOnlySpan<byte>)Row).Run();
            db.Execute("COMMIT");
        }

        return rows / watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> StepsAsync(string path, int streams, int steps)
    {
        await using var store = SqliteEventStore.Open(path);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, streams).Select(i => Task.Run(async () =>
        {
            var stream = StreamName.Of("bench", $"S{i}");
            var head = StreamHead.Empty(stream);
            for (var n = 0; n < steps / streams; n++)
            {
                Event[] events = [new Stepped(n, "finished", new string('x', 60)), new Stepped(n + 1, "started", "")];
                var append = new StreamAppend(stream, head, EventEnvelope.Seal(stream, head, events, DateTimeOffset.UtcNow, Catalog));
                if (await store.CommitAsync(new Commit([append])) is not CommitResult.Committed) throw new InvalidOperationException("a step was refused");
                head = append.Head;
            }
        })));
        return steps / watch.Elapsed.TotalSeconds;
    }
}

/// <summary>An event of the size that effects have.</summary>
public sealed record Stepped(int Number, string What, string Detail) : Event;

[JsonSerializable(typeof(Stepped))]
internal sealed partial class BenchJson : JsonSerializerContext;
