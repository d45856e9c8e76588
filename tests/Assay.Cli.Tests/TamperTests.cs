using Assay.Engine.Workspaces;
using Assay.Ledger.Mirror;
using Assay.Ledger.Verification;
using SQLitePCL;

namespace Assay.Tests;

/// <summary>A flipped byte anywhere in the ledger's events or in a run record is found.</summary>
public sealed class TamperTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    private string Root => _folder.Under("w");

    public async ValueTask InitializeAsync()
    {
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "echo out").Add("TWO", "exit 1").Write();

        // By the program: an engine in this process would make work of the commands that other tests start beside it, and work decides nothing.
        var run = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan, "--workspace", Root);
        Assert.True(run.ExitCode == 1, run.Output + run.Error);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_flipped_byte_in_any_event_is_found()
    {
        Assert.Empty((await Verify()).Problems);
        foreach (var (position, body) in Bodies())
        {
            for (var at = position % 7; at < body.Length; at += 7)
            {
                var flipped = body.ToArray();
                flipped[at] ^= 1;
                Write(position, flipped);
                var report = await Verify();
                Assert.True(report.Problems.Count > 0, $"byte {at} of event {position} was flipped unseen");
            }

            Write(position, body);
        }

        Assert.Empty((await Verify()).Problems);
    }

    [Theory]
    [InlineData("epochs/EPOCH_TEST/ONE/run_record.json")]
    [InlineData("epochs/EPOCH_TEST/ONE/stdout.json")]
    [InlineData("epochs/EPOCH_TEST/epoch_summary.json")]
    public async Task A_flipped_byte_in_any_file_is_found_and_named(string file)
    {
        var path = Path.Combine(Root, file);
        var bytes = await File.ReadAllBytesAsync(path);
        for (var at = 0; at < bytes.Length; at += Math.Max(1, bytes.Length / 50))
        {
            var flipped = bytes.ToArray();
            flipped[at] ^= 1;
            await File.WriteAllBytesAsync(path, flipped);
            Assert.Equal(path, (await Verify()).Problems[0].Where);
        }

        File.Delete(path);
        Assert.Equal((path, "file"), ((await Verify()).Problems[0].Where, (await Verify()).Problems[0].Rule));
    }

    [Theory]
    [InlineData("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")]
    [InlineData("DELETE FROM events WHERE position = 3")]
    [InlineData("UPDATE streams SET version = version - 1")]
    [InlineData("UPDATE streams SET name = 'epoch/OTHER'")]
    [InlineData("INSERT INTO events(stream, version, body) VALUES(99, 1, x'00')")]
    [InlineData("UPDATE events SET version = 1000 WHERE position = 2")]
    public async Task Removed_renamed_and_added_rows_are_found(string sql)
    {
        Execute(sql);
        Assert.NotEmpty((await Verify()).Problems);
    }

    private async Task<VerifyReport> Verify()
    {
        await using var workspace = await Workspace.OpenAsync(Root, KnownLanes.All);
        return await new LedgerVerifier(workspace.Store, KnownLanes.All, new FileMirror(workspace.Root)).VerifyAsync();
    }

    private List<(long Position, byte[] Body)> Bodies()
    {
        var bodies = new List<(long, byte[])>();
        Use(db =>
        {
            raw.sqlite3_prepare_v2(db, "SELECT position, body FROM events", out var statement);
            while (raw.sqlite3_step(statement) == raw.SQLITE_ROW) bodies.Add((raw.sqlite3_column_int64(statement, 0), raw.sqlite3_column_blob(statement, 1).ToArray()));
            statement.Dispose();
        });
        return bodies;
    }

    private void Write(long position, byte[] body) => Execute($"UPDATE events SET body = x'{Convert.ToHexString(body)}' WHERE position = {position}");

    private void Execute(string sql) => Use(db => Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(db, sql)));

    private void Use(Action<sqlite3> use)
    {
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(WorkspacePaths.Ledger(Root), out var db));
        use(db);
        raw.sqlite3_close_v2(db);
    }
}
