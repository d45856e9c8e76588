using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Tests;

/// <summary>What every store promises. A store passes by deriving from this.</summary>
public abstract class EventStoreConformance : IAsyncLifetime
{
    private static readonly EventCatalog Catalog = EffectEvents.Catalog().Add("NOTED", static () => ConformanceJson.Default.Noted);
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly StreamName A = StreamName.Of("test", "A");
    private static readonly StreamName B = StreamName.Of("test", "B");

    private readonly StoreClock _clock = new(Now);
    private IEventStore _store = null!;

    /// <summary>Opens an empty store that goes by a clock.</summary>
    protected abstract IEventStore Open(TimeProvider time);

    /// <summary>Opens the same store once more, as another process would; where there is no such thing, it is the same one.</summary>
    protected virtual IEventStore OpenBeside(IEventStore store, TimeProvider time) => store;

    public ValueTask InitializeAsync()
    {
        _store = Open(_clock);
        return ValueTask.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_is_committed_is_read_back_byte_for_byte_and_in_order()
    {
        var first = await Append(A, StreamHead.Empty(A), "one", "two");
        await Append(A, first, "three");
        var events = await _store.ReadAsync(A, 0);
        Assert.Equal(["one", "two", "three"], events.Select(e => ((Noted)EventEnvelope.Open(e.Bytes, Catalog).Body).Text));
        Assert.Equal([1, 2, 3], events.Select(e => e.Version));
        Assert.Equal(Digest.Of(events[2].Bytes.Span), (await _store.FindAsync(A))!.Head.Hash);
        var later = await _store.ReadAsync(A, 1, 2);
        Assert.Equal(["two", "three"], later.Select(e => ((Noted)EventEnvelope.Open(e.Bytes, Catalog).Body).Text));
    }

    [Fact]
    public async Task An_append_behind_the_wrong_head_is_refused_and_changes_nothing()
    {
        var head = await Append(A, StreamHead.Empty(A), "one");
        var result = await _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), "other"));
        Assert.Equal(new CommitResult.Conflict(A, head), result);
        Assert.Single(await _store.ReadAsync(A, 0));

        // The right version with another hash is a different history.
        Assert.IsType<CommitResult.Conflict>(await _store.CommitAsync(CommitOf(A, head with { Hash = Digest.Of("x") }, "other")));
    }

    [Fact]
    public async Task A_commit_over_several_streams_is_all_or_nothing()
    {
        var head = await Append(A, StreamHead.Empty(A), "one");
        var good = CommitOf(B, StreamHead.Empty(B), "b").Appends[0];
        var bad = CommitOf(A, StreamHead.Empty(A), "a").Appends[0];
        Assert.IsType<CommitResult.Conflict>(await _store.CommitAsync(new Commit([good, bad])));
        Assert.Null(await _store.FindAsync(B));
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(new Commit([good, CommitOf(A, head, "a").Appends[0]])));
        Assert.Equal((2, 1), ((await _store.FindAsync(A))!.Head.Version, (await _store.FindAsync(B))!.Head.Version));
    }

    [Fact]
    public async Task A_commit_may_only_ask_that_another_stream_stands_where_it_was_seen()
    {
        var head = await Append(A, StreamHead.Empty(A), "one");
        var good = CommitOf(B, StreamHead.Empty(B), "b").Appends[0];
        var stale = Assert.IsType<CommitResult.Conflict>(await _store.CommitAsync(new Commit([good, new StreamAppend(A, StreamHead.Empty(A), [])])));
        Assert.Equal((A, head), (stale.Stream, stale.Actual));
        Assert.Null(await _store.FindAsync(B));
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(new Commit([good, new StreamAppend(A, head, [])])));
        Assert.Equal((head, 1), ((await _store.FindAsync(A))!.Head, (await _store.FindAsync(B))!.Head.Version));
    }

    [Fact]
    public async Task What_became_of_a_commit_is_told_by_its_events()
    {
        var taken = CommitOf(A, StreamHead.Empty(A), "one", "two");
        Assert.Equal(CommitFate.NotCommitted, await _store.ResolveAsync(taken));
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(taken));
        Assert.Equal(CommitFate.Committed, await _store.ResolveAsync(taken));

        // Also when others have gone on behind it, and when another one stands in its place.
        await Append(A, taken.Appends[0].Head, "three");
        Assert.Equal(CommitFate.Committed, await _store.ResolveAsync(taken));
        Assert.Equal(CommitFate.NotCommitted, await _store.ResolveAsync(CommitOf(A, StreamHead.Empty(A), "one", "other")));
        Assert.Equal(CommitFate.NotCommitted, await _store.ResolveAsync(CommitOf(B, StreamHead.Empty(B), "b")));

        // What has no events left no sign.
        Assert.Equal(CommitFate.Unknown, await _store.ResolveAsync(new Commit([new StreamAppend(A, taken.Appends[0].Head, []) { MirroredTo = 1 }])));

        // To have asked is no obstacle to a commit that comes after all.
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(CommitOf(B, StreamHead.Empty(B), "b")));
    }

    [Fact]
    public async Task Of_many_appends_to_one_version_exactly_one_wins()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), $"{i}")))));
        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.Equal(49, results.OfType<CommitResult.Conflict>().Count());
        Assert.Single(await _store.ReadAsync(A, 0));
    }

    [Fact]
    public async Task Concurrent_appends_to_many_streams_all_arrive_and_keep_their_order()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
        {
            var stream = StreamName.Of("test", $"S{i}");
            var head = StreamHead.Empty(stream);
            for (var n = 0; n < 25; n++) head = await Append(stream, head, $"{n}");
        })));
        Assert.Equal(500, await _store.CountEventsAsync());
        var all = await _store.ReadAllAsync(0, 1000);
        Assert.Equal(all.Select(e => e.Position).Order(), all.Select(e => e.Position));
        foreach (var group in all.GroupBy(e => e.Stream)) Assert.Equal(Enumerable.Range(1, 25).Select(i => (long)i), group.Select(e => e.Version));
    }

    [Fact]
    public async Task Positions_go_on_page_by_page()
    {
        await Append(A, StreamHead.Empty(A), "1", "2", "3");
        await Append(B, StreamHead.Empty(B), "4");
        var first = await _store.ReadAllAsync(0, 2);
        var rest = await _store.ReadAllAsync(first[^1].Position, 10);
        Assert.Equal((2, 2), (first.Count, rest.Count));
        Assert.Equal(B, rest[1].Stream);
    }

    [Fact]
    public async Task Positions_only_grow_and_what_is_refused_takes_none_back()
    {
        var head = await Append(A, StreamHead.Empty(A), "1");
        var seen = (await _store.ReadAllAsync(0, 10))[^1].Position;
        Assert.Equal(seen, (await _store.ChangesAsync(0)).Position);
        Assert.IsType<CommitResult.Conflict>(await _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), "refused")));
        Assert.Equal(seen, (await _store.ChangesAsync(seen)).Position);
        Assert.Empty(await _store.ReadAllAsync(seen, 10));
        Assert.Empty(await _store.ReadAllAsync(long.MaxValue - 1, 10));
        await Append(B, StreamHead.Empty(B), "2", "3");
        await Append(A, head, "4");
        var behind = (await _store.ReadAllAsync(seen, 10)).Select(e => e.Position).ToList();
        Assert.Equal(3, behind.Count);
        Assert.All(behind.Zip(behind.Prepend(seen)), p => Assert.True(p.First > p.Second));
        Assert.Equal(behind[^1], (await _store.ChangesAsync(behind[0])).Position);
        var changed = (await _store.ChangesAsync(behind[0])).Streams;
        Assert.Equal([(A, 2), (B, 2)], changed.OrderBy(s => s.Stream.ToString(), StringComparer.Ordinal));
    }

    [Fact]
    public async Task Nothing_appears_at_or_below_what_was_read_while_several_write()
    {
        const int writers = 8;
        const int each = 40;
        var beside = OpenBeside(_store, _clock);
        var writing = Task.WhenAll(Enumerable.Range(0, writers).Select(i => Task.Run(async () =>
        {
            var stream = StreamName.Of("test", $"S{i}");
            var head = StreamHead.Empty(stream);
            for (var n = 0; n < each; n++)
            {
                var commit = CommitOf(stream, head, n % 3 == 0 ? ["x", "y"] : ["x"]);
                Assert.IsType<CommitResult.Committed>(await (i % 2 == 0 ? _store : beside).CommitAsync(commit));
                head = commit.Appends[0].Head;
            }
        })));
        var readers = new[] { _store, beside, _store }.Select((store, i) => Task.Run(async () =>
        {
            var (read, seen) = (new List<StoredEvent>(), new Dictionary<StreamName, long>());
            long position = 0;
            for (var isLast = false; ;)
            {
                isLast = writing.IsCompleted;

                // Every one of the three ways must see all that there is at or below a position by the time it hears of that position.
                var told = await store.ChangesAsync(position);
                foreach (var (stream, version) in told.Streams) seen[stream] = version;
                var page = await store.ReadAllAsync(i == 2 ? read.LastOrDefault()?.Position ?? 0 : position, i == 2 ? 7 : int.MaxValue);
                read.AddRange(i == 2 ? page : page.Where(e => e.Position <= told.Position));
                position = told.Position;
                if (isLast && (i != 2 || page.Count < 7)) return (Read: read, Seen: seen);
            }
        })).ToList();
        await writing;
        var all = await _store.ReadAllAsync(0, int.MaxValue);
        foreach (var reader in readers)
        {
            var (read, seen) = await reader;
            Assert.Equal(all.Select(e => e.Position), read.Select(e => e.Position));
            Assert.Equal((await _store.StreamsAsync()).Select(s => (s.Stream, s.Head.Version)), seen.Select(s => (s.Key, s.Value)).OrderBy(s => s.Key.ToString(), StringComparer.Ordinal));
        }

        if (beside != _store) await beside.DisposeAsync();
    }

    [Fact]
    public async Task A_blob_is_there_once_its_commit_is()
    {
        var bytes = "large evidence"u8.ToArray();
        var digest = Digest.Of(bytes);
        Assert.Null(await _store.ReadBlobAsync(digest));
        var refused = CommitOf(A, new StreamHead(7, digest), "x") with { Blobs = [new Blob(digest, bytes)] };
        Assert.IsType<CommitResult.Conflict>(await _store.CommitAsync(refused));
        Assert.Null(await _store.ReadBlobAsync(digest));
        await _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), "x") with { Blobs = [new Blob(digest, bytes)] });
        await _store.CommitAsync(CommitOf(B, StreamHead.Empty(B), "x") with { Blobs = [new Blob(digest, bytes)] });
        Assert.Equal(bytes, await _store.ReadBlobAsync(digest));
    }

    [Fact]
    public async Task What_is_kept_of_a_fold_stands_in_the_place_of_what_was_kept_before()
    {
        var head = await Append(A, StreamHead.Empty(A), "one");
        Assert.Null(await _store.FindSnapshotAsync(A));
        StreamSnapshot Of(StreamName stream, byte[] body) => new(stream, head, "build", body, Digest.Of(body));
        await _store.KeepSnapshotAsync(Of(A, [1, 2]));
        await _store.KeepSnapshotAsync(Of(A, [3]));
        await _store.KeepSnapshotAsync(Of(B, [4]));
        await using var snapshot = await _store.SnapshotAsync();
        await _store.KeepSnapshotAsync(Of(A, [5]));
        foreach (var (reader, body) in new (IEventReader, byte[])[] { (snapshot, [3]), (_store, [5]) })
        {
            var found = (await reader.FindSnapshotAsync(A))!;
            Assert.Equal((head, "build", Digest.Of(body)), (found.Head, found.Build, found.Sha256));
            Assert.Equal(body, found.Body.ToArray());
            Assert.Null(await reader.FindSnapshotAsync(B));
        }
    }

    [Fact]
    public async Task Rows_follow_their_events_and_the_last_value_stays()
    {
        var table = new LaneTable("conformance", "id", "name", LaneColumn.Integer("size"));
        await MakeAsync(table);
        await _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), "x") with { Rows = [new LaneRow(table, "k", "one", 1L), new LaneRow(table, "a", null, 2L)] });
        await _store.CommitAsync(CommitOf(B, StreamHead.Empty(B), "x") with { Rows = [new LaneRow(table, "k", "two", 3L)] });
        var rows = await _store.RowsAsync(table);
        Assert.Equal(["a", "k"], rows.Select(r => r.Key));
        Assert.Equal(["two", 3L], rows[1].Values);
        Assert.Equal([null, 2L], rows[0].Values);
    }

    [Fact]
    public async Task A_long_table_is_read_in_pages_that_go_on_where_the_last_one_ended()
    {
        var table = new LaneTable("paged", "id", "state", "at") { Indexes = [["at"], ["state", "at"]] };
        await MakeAsync(table);
        var rows = Enumerable.Range(0, 25).Select(i => new LaneRow(table, $"k{i:00}", i % 2 == 0 ? "even" : "odd", $"t{i / 4:00}")).ToList();
        await _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), "x") with { Rows = rows });
        foreach (var descending in new[] { false, true })
        {
            var query = new RowQuery(table, "at", 4) { Where = [("state", "even")], Descending = descending };
            var read = new List<string>();
            for (var page = await _store.RowsAsync(query); page.Count > 0; page = await _store.RowsAsync(query with { After = (page[^1].Text("at")!, page[^1].Key) }))
            {
                Assert.True(page.Count <= 4);
                read.AddRange(page.Select(r => r.Key));
            }

            var expected = rows.Where(r => r.Text("state") == "even").Select(r => r.Key);
            Assert.Equal(descending ? expected.Reverse() : expected, read);
        }

        Assert.Equal(13, (await _store.CountRowsAsync(table, "state"))["even"]);
        Assert.Equal("t01", (await _store.RowAsync(table, "k05"))!.Text("at"));
        Assert.Null(await _store.RowAsync(table, "k99"));
    }

    /// <summary>Each kind of column: what is empty first, then numbers as numbers and text by its bytes, whatever a language makes of it.</summary>
    [Fact]
    public async Task Rows_have_one_order_by_the_type_of_a_column_and_pages_lose_none_of_them()
    {
        var columns = new LaneColumn[] { "word", LaneColumn.Integer("size"), LaneColumn.Money("cost"), LaneColumn.Time("at") };
        var table = new LaneTable("ordered", "id", columns) { Indexes = [["word"], ["size"], ["cost"], ["at"]] };
        await MakeAsync(table);
        string?[] words = [null, null, "", "10", "9", "B", "a", "ä", "\uFFFD", "😀", "😀"];
        long?[] numbers = [null, null, -5, 0, 9, 10, 10, 100, long.MaxValue - 1, long.MaxValue, long.MaxValue];
        string?[] times = [null, null, .. Enumerable.Range(0, 9).Select(i => $"2026-01-0{1 + (i / 2)}T00:00:00.000000Z")];
        var keys = Enumerable.Range(0, words.Length).Select(i => $"k{i:00}").ToList();
        var rows = keys.Select((key, i) => new LaneRow(table, key, words[i], numbers[i], numbers[i], times[i])).ToList();
        foreach (var row in rows.OrderBy(r => r.Key[^1])) await _store.CommitAsync(new Commit([]) { Rows = [row] });
        foreach (var (column, descending, limit) in from c in columns from d in new[] { false, true } from l in new[] { 1, 2, 3, 100 } select (c.Name, d, l))
        {
            var query = new RowQuery(table, column, limit) { Descending = descending };
            var read = new List<string>();
            for (var page = await _store.RowsAsync(query); page.Count > 0; page = await _store.RowsAsync(query with { After = (page[^1][column], page[^1].Key) })) read.AddRange(page.Select(r => r.Key));
            Assert.Equal(descending ? keys.AsEnumerable().Reverse() : keys, read);
        }
    }

    [Fact]
    public async Task A_column_takes_only_what_is_of_its_type()
    {
        var table = new LaneTable("typed", "id", "word", LaneColumn.Integer("size"), LaneColumn.Money("cost"), LaneColumn.Time("at"));
        await MakeAsync(table);
        object?[][] wrong = [[1L, 1L, 1L, "t"], ["w", "1", 1L, "t"], ["w", 1L, "1", "t"], ["w", 1L, 1L, 1L], ["w", 1, 1L, "t"], ["w", 1L]];
        foreach (var values in wrong)
        {
            var commit = CommitOf(A, StreamHead.Empty(A), "x") with { Rows = [new LaneRow(table, "k", values)] };
            Assert.True((await Assert.ThrowsAsync<LedgerException>(() => _store.CommitAsync(commit))).IsRefusal);
        }

        Assert.Null(await _store.FindAsync(A));
        await _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), "x") with { Rows = [new LaneRow(table, "k", "w", 1L, 2L, "t")] });
        Assert.Equal(["w", 1L, 2L, "t"], Assert.Single(await _store.RowsAsync(table)).Values);
    }

    [Fact]
    public async Task Tables_are_made_anew_when_they_look_otherwise_and_the_old_ones_stay_until_then()
    {
        var old = new LaneTable("remade", "id", "name");
        Assert.Equal([old], await _store.UnreadyAsync([old]));
        await MakeAsync(old);
        Assert.Empty(await _store.UnreadyAsync([old]));
        await _store.CommitAsync(CommitOf(A, StreamHead.Empty(A), "x") with { Rows = [new LaneRow(old, "a", "one")] });

        var wider = new LaneTable("remade", "id", "name", "colour") { Indexes = [["colour"]] };
        Assert.Equal([wider], await _store.UnreadyAsync([wider]));
        Assert.Single(await _store.UnreadyAsync([old with { Version = 2 }]));
        await _store.BeginTablesAsync([wider]);
        await _store.FillTablesAsync([new LaneRow(wider, "a", "first", "red"), new LaneRow(wider, "b", "two", null)]);
        await _store.FillTablesAsync([new LaneRow(wider, "a", "one", "blue")]);
        Assert.Equal("one", Assert.Single(await _store.RowsAsync(old)).Text("name"));

        // Begun again, as after a crash, it starts from nothing.
        await _store.BeginTablesAsync([wider]);
        await _store.FillTablesAsync([new LaneRow(wider, "a", "one", "blue")]);
        await _store.FinishTablesAsync([wider]);
        Assert.Empty(await _store.UnreadyAsync([wider]));
        Assert.Equal(["one", "blue"], Assert.Single(await _store.RowsAsync(wider)).Values);
        await _store.CommitAsync(CommitOf(B, StreamHead.Empty(B), "x") with { Rows = [new LaneRow(wider, "c", "three", "green")] });
        Assert.Equal(2, (await _store.RowsAsync(wider)).Count);
    }

    [Fact]
    public async Task A_snapshot_stays_as_it_was_while_others_write()
    {
        await Append(A, StreamHead.Empty(A), "one");
        var head = (await _store.FindAsync(A))!.Head;
        await using (var snapshot = await _store.SnapshotAsync())
        {
            await Append(A, head, "two");
            await Append(B, StreamHead.Empty(B), "three");
            Assert.Equal(1, await snapshot.CountEventsAsync());
            Assert.Equal(head, (await snapshot.FindAsync(A))!.Head);
            Assert.Null(await snapshot.FindAsync(B));
            Assert.Single(await snapshot.ReadAsync(A, 0));
        }

        Assert.Equal(3, await _store.CountEventsAsync());
    }

    [Fact]
    public async Task A_key_keeps_its_first_answer()
    {
        Assert.Null(await _store.FindKeyAsync("k"));
        await _store.CommitAsync(new Commit([]) { Keys = [new RequestKey("k", "asked", "answer", "t1")] });
        await _store.CommitAsync(new Commit([]) { Keys = [new RequestKey("k", "asked", "another", "t2")] });
        Assert.Equal(new RequestKey("k", "asked", "answer", "t1"), await _store.FindKeyAsync("k"));
    }

    [Fact]
    public async Task A_claim_keeps_others_out_until_it_is_given_back()
    {
        await Append(A, StreamHead.Empty(A), "x");
        await OpenSessions("s1", "s2");
        var claim = Granted(await _store.ClaimAsync(A, "s1"));
        Assert.Equal("s1", Assert.IsType<ClaimResult.Held>(await _store.ClaimAsync(A, "s2")).Owner.Id);
        Assert.False(await _store.ReleaseAsync(claim, version: 0, wakeAfter: null));
        Assert.True(await _store.ReleaseAsync(claim, version: 1, wakeAfter: null));
        Assert.True(Granted(await _store.ClaimAsync(A, "s2")).Fence > claim.Fence);
    }

    [Fact]
    public async Task A_claim_passes_on_when_its_lease_has_run_out_or_its_owner_is_dead()
    {
        await Append(A, StreamHead.Empty(A), "x");
        await OpenSessions("s1", "s2", "s3");
        var first = Granted(await _store.ClaimAsync(A, "s1"));
        await _store.EndSessionsAsync("s1");
        var second = Granted(await _store.ClaimAsync(A, "s2"));
        _clock.Advance(Minute / 2);
        Assert.Equal(Minute / 2, Assert.IsType<ClaimResult.Held>(await _store.ClaimAsync(A, "s3")).Owner.LeaseLeft);
        _clock.Advance(Minute / 2);
        Assert.False((await _store.SessionsAsync()).Single(s => s.Id == "s2").Holds);
        var third = Granted(await _store.ClaimAsync(A, "s3"));
        Assert.True(first.Fence < second.Fence && second.Fence < third.Fence);
        Assert.True(await _store.RenewSessionAsync("s3", TimeSpan.FromMinutes(5)));
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.IsType<ClaimResult.Held>(await _store.ClaimAsync(A, "s1"));
        Assert.False(await _store.RenewSessionAsync("gone", Minute));
    }

    [Fact]
    public async Task A_stale_fencing_token_is_refused_and_a_request_from_outside_is_not()
    {
        var head = await Append(A, StreamHead.Empty(A), "x");
        await OpenSessions("s1", "s2");
        var stale = Granted(await _store.ClaimAsync(A, "s1"));
        await _store.EndSessionsAsync("s1");
        var current = Granted(await _store.ClaimAsync(A, "s2"));
        Assert.Equal(new CommitResult.Fenced(A), await _store.CommitAsync(CommitOf(A, head, stale.Fence, "stale")));
        head = await Append(A, head, "from outside");
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(CommitOf(A, head, current.Fence, "owner")));
    }

    [Fact]
    public async Task Closing_a_session_frees_what_it_owned()
    {
        await Append(A, StreamHead.Empty(A), "x");
        await OpenSessions("s1", "s2");
        await _store.ClaimAsync(A, "s1");
        await _store.EndSessionsAsync("s1");
        Assert.Equal(["s2"], (await _store.SessionsAsync()).Select(s => s.Id));
        Granted(await _store.ClaimAsync(A, "s2"));
    }

    [Fact]
    public async Task Ending_sessions_by_id_frees_their_claims_and_nobody_elses()
    {
        var a = await Append(A, StreamHead.Empty(A), "x");
        await Append(B, StreamHead.Empty(B), "x");

        // All have one number of a process: it was used again.
        await OpenSessions("dead", "alive", "heir");
        var lost = Granted(await _store.ClaimAsync(A, "dead"));
        var kept = Granted(await _store.ClaimAsync(B, "alive"));
        await _store.EndSessionsAsync("dead", "ended before");
        Assert.Equal(["alive", "heir"], (await _store.SessionsAsync()).Select(s => s.Id));
        Assert.False(await _store.RenewSessionAsync("dead", Minute));
        Assert.True(Granted(await _store.ClaimAsync(A, "heir")).Fence > lost.Fence);
        Assert.IsType<CommitResult.Fenced>(await _store.CommitAsync(CommitOf(A, a, lost.Fence, "late")));
        Assert.Equal("alive", Assert.IsType<ClaimResult.Held>(await _store.ClaimAsync(B, "heir")).Owner.Id);
        Assert.True(await _store.ReleaseAsync(kept, 1, wakeAfter: null));
        await _store.EndSessionsAsync();
    }

    [Fact]
    public async Task Tables_are_not_made_anew_while_a_session_holds_its_lease()
    {
        LaneTable[] tables = [new LaneTable("busy", "id", "name")];
        await OpenSessions("s1");
        Assert.True((await Assert.ThrowsAsync<LedgerException>(() => _store.BeginTablesAsync(tables))).IsRefusal);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await _store.BeginTablesAsync(tables);
        await _store.EndSessionsAsync("s1");
        await MakeAsync(tables);
        Assert.Empty(await _store.UnreadyAsync(tables));
    }

    [Fact]
    public async Task One_at_a_time_makes_tables()
    {
        await using var beside = OpenBeside(_store, _clock);
        var held = await _store.HoldTablesAsync();
        var next = Task.Run(async () => await beside.HoldTablesAsync());
        await Assert.ThrowsAsync<TimeoutException>(() => next.WaitAsync(TimeSpan.FromMilliseconds(200)));
        await held.DisposeAsync();
        await (await next.WaitAsync(Minute)).DisposeAsync();
        await (await _store.HoldTablesAsync()).DisposeAsync();
    }

    [Fact]
    public async Task A_wake_time_that_has_come_makes_a_free_stream_due()
    {
        var ten = TimeSpan.FromSeconds(10);
        await _store.CommitAsync(new Commit([CommitOf(A, StreamHead.Empty(A), "x").Appends[0] with { WakeAfter = ten }]));
        await OpenSessions("s1");
        Assert.Empty(await DueAsync());
        Assert.Equal((ten, false), ((await _store.FindAsync(A))!.WakeIn, (await _store.FindAsync(A))!.IsDue));
        _clock.Advance(ten);
        Assert.Equal([A], await DueAsync());
        Assert.True(Assert.Single(await _store.StreamsAsync("test")).IsDue);
        Assert.Empty(await DueAsync("other"));
        await _store.ClaimAsync(A, "s1");
        Assert.Empty(await DueAsync());
        _clock.Advance(Minute);
        Assert.Equal([A], await DueAsync());
        var claim = Granted(await _store.ClaimAsync(A, "s1"));
        await _store.ReleaseAsync(claim, 1, ten);
        Assert.Empty(await DueAsync());
        _clock.Advance(ten);
        Assert.Equal([A], await DueAsync());
    }

    [Fact]
    public async Task What_is_to_be_woken_at_once_or_earlier_is_due_at_once_and_nothing_before_its_time()
    {
        _clock.Advance(TimeSpan.FromMicroseconds(900));
        await _store.CommitAsync(new Commit([CommitOf(A, StreamHead.Empty(A), "x").Appends[0] with { WakeAfter = TimeSpan.FromSeconds(-5) }]));
        await _store.CommitAsync(new Commit([CommitOf(B, StreamHead.Empty(B), "x").Appends[0] with { WakeAfter = TimeSpan.FromMicroseconds(200) }]));
        Assert.Equal([A], await DueAsync());
        Assert.InRange((await _store.FindAsync(A))!.WakeIn!.Value, TimeSpan.FromMilliseconds(-1), TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromMicroseconds(1200));
        Assert.Equal([A, B], await DueAsync());
    }

    [Fact]
    public async Task The_mirror_cursor_only_goes_forward()
    {
        var commit = CommitOf(A, StreamHead.Empty(A), "x");
        await _store.CommitAsync(new Commit([commit.Appends[0] with { MirroredTo = 1 }]));
        var head = (await _store.FindAsync(A))!.Head;
        await _store.CommitAsync(new Commit([new StreamAppend(A, head, []) { MirroredTo = 0 }]));
        Assert.Equal((1, 1), ((await _store.FindAsync(A))!.MirroredTo, (await _store.FindAsync(A))!.Head.Version));
    }

    [Fact]
    public async Task Who_listens_hears_of_every_commit_until_he_leaves()
    {
        using var heard = new SemaphoreSlim(0);
        var head = StreamHead.Empty(A);
        using (_store.Listen(() => heard.Release()))
        {
            for (var i = 0; i < 3; i++)
            {
                head = await Append(A, head, "x");
                Assert.True(await heard.WaitAsync(Minute), $"commit {i + 1} was not heard of");

                // What was told twice does no harm, and is not to be taken for the next one.
                await Task.Delay(TimeSpan.FromMilliseconds(50));
                while (heard.CurrentCount > 0) await heard.WaitAsync();
            }
        }

        await Append(A, head, "x");
        Assert.False(await heard.WaitAsync(TimeSpan.FromMilliseconds(200)), "somebody who had left was told");
    }

    [Fact]
    public async Task What_changed_is_told_by_stream_with_its_last_version()
    {
        Assert.Equal(new StreamChanges(0, []).Position, (await _store.ChangesAsync(0)).Position);
        await Append(A, StreamHead.Empty(A), "one", "two");
        var (position, _) = await _store.ChangesAsync(0);
        await Append(B, StreamHead.Empty(B), "three");
        Assert.Equal([(A, 2), (B, 1)], (await _store.ChangesAsync(0)).Streams.OrderBy(s => s.Stream.ToString(), StringComparer.Ordinal));
        Assert.Equal([(B, 1)], (await _store.ChangesAsync(position)).Streams);
        Assert.Empty((await _store.ChangesAsync((await _store.ChangesAsync(0)).Position)).Streams);
    }

    [Fact]
    public async Task A_stream_may_belong_to_a_session_from_its_first_event_on()
    {
        await OpenSessions("s1");
        var first = CommitOf(A, StreamHead.Empty(A), "x");
        await _store.CommitAsync(new Commit([first.Appends[0] with { FirstOwner = "s1", WakeAfter = TimeSpan.Zero }]));
        Assert.Empty(await DueAsync());
        Assert.Equal("s1", (await _store.FindAsync(A))!.Owner);
        await _store.EndSessionsAsync("s1");
        Assert.Equal([A], await DueAsync());

        // Of no meaning for one that is there.
        await OpenSessions("s2");
        var second = CommitOf(A, first.Appends[0].Head, "y");
        await _store.CommitAsync(new Commit([second.Appends[0] with { FirstOwner = "s2", WakeAfter = TimeSpan.Zero }]));
        Assert.Equal([A], await DueAsync());
    }

    [Fact]
    public async Task The_next_wake_time_is_the_first_that_has_not_come()
    {
        Assert.Null(await _store.NextWakeAsync("test"));
        await _store.CommitAsync(new Commit([CommitOf(A, StreamHead.Empty(A), "x").Appends[0] with { WakeAfter = TimeSpan.FromSeconds(5) }]));
        await _store.CommitAsync(new Commit([CommitOf(B, StreamHead.Empty(B), "x").Appends[0] with { WakeAfter = TimeSpan.FromSeconds(60) }]));
        Assert.Equal(TimeSpan.FromSeconds(5), await _store.NextWakeAsync("test"));
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(50), await _store.NextWakeAsync("test"));
        Assert.Null(await _store.NextWakeAsync("other"));
    }

    [Fact]
    public async Task What_is_due_is_claimed_by_priority_and_then_by_age()
    {
        async Task<StreamHead> DueOf(string id, int? priority, int wakeSeconds = 0)
        {
            var stream = StreamName.Of("test", id);
            var append = CommitOf(stream, StreamHead.Empty(stream), "x").Appends[0];
            await _store.CommitAsync(new Commit([append with { WakeAfter = TimeSpan.FromSeconds(wakeSeconds), Priority = priority }]));
            _clock.Advance(TimeSpan.FromSeconds(1));
            return append.Head;
        }

        var head = await DueOf("P", null);
        await DueOf("Q", 0);
        await DueOf("late", -5, wakeSeconds: 100);
        await DueOf("low", 7);
        await DueOf("high", -1);
        await DueOf("R", null);
        await OpenSessions("s1", "s2");
        Assert.Equal(0, (await _store.FindAsync(StreamName.Of("test", "P")))!.Priority);
        Assert.Equal(7, (await _store.FindAsync(StreamName.Of("test", "low")))!.Priority);
        Assert.Empty(await _store.ClaimDueAsync(["test"], "s1", 0));
        var first = await _store.ClaimDueAsync(["test"], "s1", 2);
        Assert.Equal(["high", "P"], first.Select(c => c.Stream.Id));
        var rest = await _store.ClaimDueAsync(["test"], "s2", 10);
        Assert.Equal(["Q", "R", "low"], rest.Select(c => c.Stream.Id));
        Assert.Empty(await _store.ClaimDueAsync(["test"], "s2", 10));

        // A claim is one like any other, and what is appended later may change how urgent the stream is.
        var p = StreamName.Of("test", "P");
        Assert.Equal("s1", Assert.IsType<ClaimResult.Held>(await _store.ClaimAsync(p, "s2")).Owner.Id);
        var urgent = CommitOf(p, head, first[1].Fence, "x").Appends[0] with { Priority = -9 };
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(new Commit([urgent])));
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(new Commit([new StreamAppend(p, urgent.Head, []) { MirroredTo = 1 }])));
        foreach (var claim in first) await GiveBackAsync(claim);
        Assert.Equal(["P", "high"], (await _store.ClaimDueAsync(["test"], "s2", 10)).Select(c => c.Stream.Id));
    }

    [Fact]
    public async Task Lanes_take_turns_when_what_is_due_is_claimed()
    {
        foreach (var name in new[] { "a/1", "a/2", "a/3", "b/1", "b/2", "c/1", "d/1" })
        {
            var stream = StreamName.Parse(name);
            var append = CommitOf(stream, StreamHead.Empty(stream), "x").Appends[0];
            await _store.CommitAsync(new Commit([append with { WakeAfter = TimeSpan.Zero, Priority = name[0] == 'a' ? -1 : 0 }]));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await OpenSessions("s1");
        Assert.Equal(["b/1", "c/1", "a/1", "b/2"], (await _store.ClaimDueAsync(["b", "c", "a"], "s1", 4)).Select(c => c.Stream.ToString()));
        Assert.Equal(["a/2", "a/3"], (await _store.ClaimDueAsync(["b", "c", "a"], "s1", 4)).Select(c => c.Stream.ToString()));
    }

    [Fact]
    public async Task Of_many_who_claim_what_is_due_each_stream_has_one_owner()
    {
        for (var i = 0; i < 60; i++)
        {
            var stream = StreamName.Of("test", $"S{i}");
            await _store.CommitAsync(new Commit([CommitOf(stream, StreamHead.Empty(stream), "x").Appends[0] with { WakeAfter = TimeSpan.Zero }]));
        }

        var sessions = Enumerable.Range(0, 6).Select(i => $"s{i}").ToArray();
        await OpenSessions(sessions);
        var claims = await Task.WhenAll(sessions.Select(session => Task.Run(async () =>
        {
            var mine = new List<Claim>();
            for (var some = await _store.ClaimDueAsync(["test"], session, 7); some.Count > 0; some = await _store.ClaimDueAsync(["test"], session, 7)) mine.AddRange(some);
            return mine;
        })));
        var all = claims.SelectMany(c => c).ToList();
        Assert.Equal(60, all.Select(c => c.Stream).Distinct().Count());
        Assert.Equal(60, all.Count);
        foreach (var claim in all) Assert.Equal(claim.SessionId, (await _store.FindAsync(claim.Stream))!.Owner);
    }

    private async Task GiveBackAsync(Claim claim) =>
        Assert.True(await _store.ReleaseAsync(claim, (await _store.FindAsync(claim.Stream))!.Head.Version, TimeSpan.Zero));

    /// <summary>What is due, claimed and given back as it was.</summary>
    private async Task<IReadOnlyList<StreamName>> DueAsync(string lane = "test")
    {
        await OpenSessions("probe");
        var claims = await _store.ClaimDueAsync([lane], "probe", 10);
        foreach (var claim in claims) await GiveBackAsync(claim);
        await _store.EndSessionsAsync("probe");
        return [.. claims.Select(c => c.Stream)];
    }

    private static Claim Granted(ClaimResult result) => Assert.IsType<ClaimResult.Granted>(result).Claim;

    private async Task OpenSessions(params string[] ids)
    {
        foreach (var id in ids) await _store.OpenSessionAsync(new WorkerSession(id, "host", "boot", 1, 1), Minute);
    }

    private async Task<StreamHead> Append(StreamName stream, StreamHead head, params string[] texts)
    {
        var commit = CommitOf(stream, head, texts);
        Assert.IsType<CommitResult.Committed>(await _store.CommitAsync(commit));
        return commit.Appends[0].Head;
    }

    private async Task MakeAsync(params LaneTable[] tables)
    {
        await _store.BeginTablesAsync(tables);
        await _store.FinishTablesAsync(tables);
    }

    private static Commit CommitOf(StreamName stream, StreamHead head, params string[] texts) => CommitOf(stream, head, null, texts);

    private static Commit CommitOf(StreamName stream, StreamHead head, long? fence, params string[] texts) =>
        new([new StreamAppend(stream, head, EventEnvelope.Seal(stream, head, [.. texts.Select(t => new Noted(t))], Now, Catalog), fence)]);
}

/// <summary>A clock that goes when it is told to.</summary>
internal sealed class StoreClock(DateTimeOffset start) : TimeProvider
{
    private DateTimeOffset _now = start;

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}

public sealed record Noted(string Text) : Event;

[JsonSerializable(typeof(Noted))]
internal sealed partial class ConformanceJson : JsonSerializerContext;
