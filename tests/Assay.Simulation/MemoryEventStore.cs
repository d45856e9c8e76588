using System.Collections.Immutable;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Simulation;

/// <summary>
/// The store's promises in memory: what was committed survives every crash of an engine, since an engine is only an object beside it.
/// Passes the conformance suite, so that what the simulation shows is true of the real stores as well.
/// </summary>
/// <param name="time">The store's clock; null: the system's.</param>
public sealed class MemoryEventStore(TimeProvider? time = null) : IEventStore, IEventSnapshot
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private readonly List<StoredEvent> _events = [];
    private readonly Dictionary<StreamName, List<StoredEvent>> _byStream = [];
    private readonly SortedDictionary<string, StreamInfo> _streams = new(StringComparer.Ordinal);
    private readonly Dictionary<StreamName, DateTimeOffset> _wakes = [];
    private readonly Dictionary<string, DateTimeOffset> _leases = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, byte[]> _blobs = [];
    private readonly Dictionary<StreamName, StreamSnapshot> _snapshots = [];
    private readonly Dictionary<string, WorkerSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Table, string Key), LaneRow> _rows = [];
    private readonly Dictionary<string, string> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RequestKey> _keys = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _tablesHeld = new(1, 1);
    private Dictionary<(string Table, string Key), LaneRow> _filling = [];
    private ImmutableList<Action> _listeners = [];

    public Task<CommitResult> CommitAsync(Commit commit)
    {
        lock (_gate)
        {
            foreach (var append in commit.Appends)
            {
                var info = Existing(append.Stream);
                if (append.Fence is { } fence && (info?.Fence ?? 0) != fence) return Task.FromResult<CommitResult>(new CommitResult.Fenced(append.Stream));
                var head = info?.Head ?? StreamHead.Empty(append.Stream);
                if (head != append.Expected) return Task.FromResult<CommitResult>(new CommitResult.Conflict(append.Stream, head));
            }

            if (commit.Rows.Select(r => r.Table.Problem(r)).FirstOrDefault(p => p is not null) is { } problem)
            {
                return Task.FromException<CommitResult>(new LedgerException(problem) { IsRefusal = true });
            }

            foreach (var append in commit.Appends) Apply(append);
            foreach (var blob in commit.Blobs) _blobs.TryAdd(blob.Sha256, blob.Bytes.ToArray());
            foreach (var row in commit.Rows) _rows[(row.Table.Name, row.Key)] = row;
            foreach (var key in commit.Keys) _keys.TryAdd(key.Name, key);
        }

        foreach (var heard in _listeners) heard();
        return Task.FromResult<CommitResult>(CommitResult.Committed.Instance);
    }

    public async Task<CommitFate> ResolveAsync(Commit commit)
    {
        if (CommitSign.Of(commit) is not { } sign) return CommitFate.Unknown;
        return await sign.InAsync(this) is CommitFate.Committed ? CommitFate.Committed : CommitFate.NotCommitted;
    }

    public IDisposable Listen(Action heard)
    {
        ImmutableInterlocked.Update(ref _listeners, l => l.Add(heard));
        return new Listener(() => ImmutableInterlocked.Update(ref _listeners, l => l.Remove(heard)));
    }

    public ValueTask<StreamChanges> ChangesAsync(long afterPosition)
    {
        lock (_gate)
        {
            var changed = Behind(afterPosition).GroupBy(e => e.Stream).Select(g => (g.Key, g.Last().Version));
            return ValueTask.FromResult(new StreamChanges(Last, [.. changed]));
        }
    }

    public ValueTask<TimeSpan?> NextWakeAsync(string lane)
    {
        lock (_gate)
        {
            var ahead = _wakes.Where(w => w.Key.Lane == lane && w.Value > Now);
            return ValueTask.FromResult(ahead.Min(w => (TimeSpan?)(w.Value - Now)));
        }
    }

    public ValueTask<StreamInfo?> FindAsync(StreamName stream)
    {
        lock (_gate) return ValueTask.FromResult(Existing(stream) is { } info ? Told(info) : null);
    }

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(string? lane = null)
    {
        lock (_gate) return Found([.. _streams.Values.Where(s => lane is null || s.Stream.Lane == lane).Select(Told)]);
    }

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(StreamName stream, long afterVersion, int limit = int.MaxValue)
    {
        lock (_gate)
        {
            var events = _byStream.GetValueOrDefault(stream) ?? [];
            return Found([.. events.Skip((int)afterVersion).Take(limit)]);
        }
    }

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAllAsync(long afterPosition, int limit)
    {
        lock (_gate) return Found([.. Behind(afterPosition).Take(limit)]);
    }

    public ValueTask<long> CountEventsAsync()
    {
        lock (_gate) return ValueTask.FromResult((long)_events.Count);
    }

    public ValueTask<StreamSnapshot?> FindSnapshotAsync(StreamName stream)
    {
        lock (_gate) return ValueTask.FromResult(_snapshots.GetValueOrDefault(stream));
    }

    public Task KeepSnapshotAsync(StreamSnapshot snapshot)
    {
        lock (_gate)
        {
            if (Existing(snapshot.Stream) is not null) _snapshots[snapshot.Stream] = snapshot;
        }

        return Task.CompletedTask;
    }

    public ValueTask<byte[]?> ReadBlobAsync(Digest sha256)
    {
        lock (_gate) return ValueTask.FromResult(_blobs.GetValueOrDefault(sha256));
    }

    public ValueTask<IReadOnlyList<LaneTable>> UnreadyAsync(IReadOnlyList<LaneTable> tables)
    {
        lock (_gate) return Found([.. tables.Where(t => _tables.GetValueOrDefault(t.Name) != Shape(t))]);
    }

    public Task BeginTablesAsync(IReadOnlyList<LaneTable> tables)
    {
        lock (_gate)
        {
            if (_sessions.Keys.Any(Holds)) return Task.FromException(new LedgerException("an engine is at work") { IsRefusal = true });
            _filling = [];
        }

        return Task.CompletedTask;
    }

    public async ValueTask<IAsyncDisposable> HoldTablesAsync()
    {
        await _tablesHeld.WaitAsync();
        return new Held(_tablesHeld);
    }

    public Task FillTablesAsync(IReadOnlyList<LaneRow> rows)
    {
        lock (_gate)
        {
            foreach (var row in rows) _filling[(row.Table.Name, row.Key)] = row;
        }

        return Task.CompletedTask;
    }

    public Task FinishTablesAsync(IReadOnlyList<LaneTable> tables)
    {
        lock (_gate)
        {
            foreach (var table in tables)
            {
                foreach (var key in _rows.Keys.Where(k => k.Table == table.Name).ToList()) _rows.Remove(key);
                _tables[table.Name] = Shape(table);
            }

            foreach (var (key, row) in _filling) _rows[key] = row;
            _filling = [];
        }

        return Task.CompletedTask;
    }

    public ValueTask<RequestKey?> FindKeyAsync(string name)
    {
        lock (_gate) return ValueTask.FromResult(_keys.GetValueOrDefault(name));
    }

    public ValueTask<IReadOnlyList<LaneRow>> RowsAsync(LaneTable table) => Found(Rows(table));

    private List<LaneRow> Rows(LaneTable table)
    {
        lock (_gate) return [.. _rows.Where(r => r.Key.Table == table.Name).OrderBy(r => r.Key.Key, StringComparer.Ordinal).Select(r => r.Value)];
    }

    public ValueTask<IReadOnlyList<LaneRow>> RowsAsync(RowQuery query)
    {
        static int Compare((object? Value, string Key) a, (object? Value, string Key) b) =>
            ByValue(a.Value, b.Value) is var byValue and not 0 ? byValue : ByBytes(a.Key, b.Key);

        static int ByValue(object? a, object? b) => (a, b) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            (long one, long other) => one.CompareTo(other),
            _ => ByBytes((string)a, (string)b),
        };

        static int ByBytes(string a, string b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b));

        var sign = query.Descending ? -1 : 1;
        var rows = Rows(query.Table)
            .Where(r => query.Where.All(w => r.Text(w.Column) == w.Value))
            .Select(r => (Row: r, Place: (r[query.OrderBy], r.Key)))
            .Where(r => query.After is not { } after || sign * Compare(r.Place, after) > 0)
            .ToList();
        rows.Sort((a, b) => sign * Compare(a.Place, b.Place));
        return Found([.. rows.Take(query.Limit).Select(r => r.Row)]);
    }

    public ValueTask<LaneRow?> RowAsync(LaneTable table, string key) =>
        ValueTask.FromResult(Rows(table).Find(r => r.Key == key));

    public ValueTask<IReadOnlyDictionary<string, long>> CountRowsAsync(LaneTable table, string column) =>
        ValueTask.FromResult<IReadOnlyDictionary<string, long>>(Rows(table)
            .Where(r => r[column] is not null)
            .GroupBy(r => r.Text(column)!, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.LongCount(), StringComparer.Ordinal));

    public Task OpenSessionAsync(WorkerSession session, TimeSpan lease)
    {
        lock (_gate) (_sessions[session.Id], _leases[session.Id]) = (session, Now + lease);
        return Task.CompletedTask;
    }

    public Task<bool> RenewSessionAsync(string sessionId, TimeSpan lease)
    {
        lock (_gate)
        {
            if (!_sessions.ContainsKey(sessionId)) return Task.FromResult(false);
            _leases[sessionId] = Now + lease;
            return Task.FromResult(true);
        }
    }

    public Task EndSessionsAsync(params IReadOnlyCollection<string> sessionIds)
    {
        lock (_gate)
        {
            foreach (var id in sessionIds) _sessions.Remove(id);
        }

        return Task.CompletedTask;
    }

    public ValueTask<IReadOnlyList<WorkerSession>> SessionsAsync()
    {
        lock (_gate) return Found([.. _sessions.Values.OrderBy(s => s.Id, StringComparer.Ordinal).Select(Told)]);
    }

    public Task<ClaimResult> ClaimAsync(StreamName stream, string sessionId)
    {
        lock (_gate)
        {
            var info = Existing(stream) ?? throw new LedgerException($"{stream} has no events: there is nothing to claim");
            if (info.Owner is { } owner && owner != sessionId && Holds(owner))
            {
                return Task.FromResult<ClaimResult>(new ClaimResult.Held(Told(_sessions[owner])));
            }

            return Task.FromResult<ClaimResult>(new ClaimResult.Granted(Grant(info, sessionId)));
        }
    }

    public Task<bool> ReleaseAsync(Claim claim, long version, TimeSpan? wakeAfter)
    {
        lock (_gate)
        {
            if (Existing(claim.Stream) is not { } info || info.Fence != claim.Fence) return Task.FromResult(true);
            if (info.Head.Version != version) return Task.FromResult(false);
            _streams[claim.Stream.ToString()] = info with { Owner = null };
            _wakes.Remove(claim.Stream);
            if (wakeAfter is { } after) _wakes.Add(claim.Stream, Now + (after > TimeSpan.Zero ? after : TimeSpan.Zero));
            return Task.FromResult(true);
        }
    }

    public Task<IReadOnlyList<Claim>> ClaimDueAsync(IReadOnlyList<string> lanes, string sessionId, int limit)
    {
        lock (_gate)
        {
            var due = lanes.Select((lane, turn) => _wakes
                    .Where(w => w.Key.Lane == lane && w.Value <= Now && !(Existing(w.Key)!.Owner is { } owner && Holds(owner)))
                    .OrderBy(w => Existing(w.Key)!.Priority).ThenBy(w => w.Value).ThenBy(w => w.Key.ToString(), StringComparer.Ordinal)
                    .Select((w, place) => (Stream: w.Key, Place: place, Turn: turn)))
                .SelectMany(of => of).OrderBy(d => d.Place).ThenBy(d => d.Turn).Take(limit).ToList();
            return Task.FromResult<IReadOnlyList<Claim>>([.. due.Select(d => Grant(Existing(d.Stream)!, sessionId))]);
        }
    }

    public ValueTask<IEventSnapshot> SnapshotAsync()
    {
        var copy = new MemoryEventStore(_time);
        lock (_gate)
        {
            foreach (var stored in _events) copy.Keep(stored);
            foreach (var (name, info) in _streams) copy._streams.Add(name, info);
            foreach (var (stream, snapshot) in _snapshots) copy._snapshots.Add(stream, snapshot);
            foreach (var (digest, bytes) in _blobs) copy._blobs.Add(digest, bytes);
            foreach (var (key, row) in _rows) copy._rows.Add(key, row);
            foreach (var (name, shape) in _tables) copy._tables.Add(name, shape);
            foreach (var (name, key) in _keys) copy._keys.Add(name, key);
            foreach (var (id, session) in _sessions) copy._sessions.Add(id, session);
            foreach (var (id, end) in _leases) copy._leases.Add(id, end);
            foreach (var (stream, wake) in _wakes) copy._wakes.Add(stream, wake);
        }

        return ValueTask.FromResult<IEventSnapshot>(copy);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static ValueTask<IReadOnlyList<T>> Found<T>(List<T> found) => ValueTask.FromResult<IReadOnlyList<T>>(found);

    private static string Shape(LaneTable table) => $"{table.Version} {table.Key} {string.Join(' ', table.Columns.Select(c => c.Name))}";

    /// <summary>The last position. They grow in steps of one to three, so that whoever takes them for a count is found out.</summary>
    private long Last => _events.Count == 0 ? 0 : _events[^1].Position;

    private IEnumerable<StoredEvent> Behind(long position)
    {
        var (low, high) = (0, _events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _events[middle].Position <= position ? (middle + 1, high) : (low, middle);
        }

        return _events.Skip(low);
    }

    private DateTimeOffset Now => _time.GetUtcNow();

    private Claim Grant(StreamInfo info, string sessionId)
    {
        _streams[info.Stream.ToString()] = info with { Owner = sessionId, Fence = info.Fence + 1 };
        return new Claim(info.Stream, sessionId, info.Fence + 1);
    }

    private bool Holds(string session) => _sessions.ContainsKey(session) && _leases[session] > Now;

    private WorkerSession Told(WorkerSession session) => session with { LeaseLeft = _leases[session.Id] - Now };

    private StreamInfo Told(StreamInfo info) => info with { WakeIn = _wakes.TryGetValue(info.Stream, out var wake) ? wake - Now : null };

    private StreamInfo? Existing(StreamName stream) => _streams.GetValueOrDefault(stream.ToString());

    private void Apply(StreamAppend append)
    {
        var info = Existing(append.Stream) ?? new StreamInfo(append.Stream, StreamHead.Empty(append.Stream), 0, append.FirstOwner, 0);
        foreach (var sealedEvent in append.Events)
        {
            Keep(new StoredEvent(Last + 1 + (Last % 3), append.Stream, sealedEvent.Head.Version, sealedEvent.Bytes));
        }

        _streams[append.Stream.ToString()] = info with
        {
            Head = append.Head,
            MirroredTo = Math.Max(info.MirroredTo, append.MirroredTo ?? 0),
            Priority = append.Priority ?? info.Priority,
        };
        if (append.WakeAfter is { } after) _wakes[append.Stream] = Now + (after > TimeSpan.Zero ? after : TimeSpan.Zero);
    }

    private void Keep(StoredEvent stored)
    {
        _events.Add(stored);
        if (!_byStream.TryGetValue(stored.Stream, out var events)) _byStream.Add(stored.Stream, events = []);
        events.Add(stored);
    }

    private sealed class Held(SemaphoreSlim gate) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            gate.Release();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Listener(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
