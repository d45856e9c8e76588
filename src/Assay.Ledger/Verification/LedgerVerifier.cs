using System.Text;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger.Mirror;

namespace Assay.Ledger.Verification;

/// <summary>
/// Checks a ledger against itself and its files, trusting no count and no cached state: each stream's chain is hashed again, folded again,
/// and every file that the fold gives rise to is compared. Work may go on meanwhile: how far streams go is read at one moment, their events
/// up to there never change, and a file that does not agree is looked at again when its stream has moved on since.
/// </summary>
/// <param name="store">The ledger.</param>
/// <param name="lanes">The lanes; a stream of another lane is checked as a chain only.</param>
/// <param name="mirror">Where the files are.</param>
public sealed class LedgerVerifier(IEventStore store, LaneSet lanes, FileMirror mirror)
{
    private const int PageEvents = 4096;

    /// <summary>Streams that are looked up in one snapshot, which must not be held for long.</summary>
    private const int StreamsAtOnce = 256;

    /// <summary>How often a stream that moves on is looked at again before its files count as not written yet.</summary>
    private const int Looks = 40;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// Verifies everything. Problems are in the order of the streams' names, and within a stream in the order of its events.
    /// </summary>
    public async Task<VerifyReport> VerifyAsync()
    {
        var problems = new List<VerifyProblem>();
        var results = new List<StreamReport>();
        var names = await CountAsync(problems);
        foreach (var chunk in names.Chunk(StreamsAtOnce))
        {
            var moments = await AtOneMomentAsync(snapshot => MomentsAsync(snapshot, chunk));
            var read = new StreamReport[chunk.Length];
            await EachAsync(chunk.Length, async i => read[i] = await ReadAsync(moments[i]));
            results.AddRange(read);
        }

        await EachAsync(results.Count, async i => results[i] = await WithFilesAsync(results[i]));
        problems.InsertRange(0, results.SelectMany(r => r.Problems));
        return new VerifyReport(results.Count, results.Sum(r => r.Events), results.Sum(r => r.Files), results.Sum(r => r.Behind), problems);
    }

    private static Task EachAsync(int count, Func<int, ValueTask> act) => Parallel.ForAsync(0, count, (i, _) => act(i));

    private static async ValueTask<StreamMoment[]> MomentsAsync(IEventReader snapshot, StreamName[] names)
    {
        var moments = new StreamMoment[names.Length];
        for (var i = 0; i < names.Length; i++) moments[i] = await StreamMoment.OfAsync(snapshot, names[i]);
        return moments;
    }

    /// <summary>Looks at one moment of the ledger, and at another when somebody came in between.</summary>
    private async ValueTask<T> AtOneMomentAsync<T>(Func<IEventSnapshot, ValueTask<T>> look)
    {
        for (var looks = 1; ; looks++)
        {
            await using var snapshot = await store.SnapshotAsync();
            try
            {
                return await look(snapshot);
            }
            catch (LedgerException e) when (e.IsOutdated && looks < Looks)
            {
                // What was seen so far is of a moment that is gone.
            }
        }
    }

    /// <summary>The streams, and whether they account for all events.</summary>
    private async ValueTask<List<StreamName>> CountAsync(List<VerifyProblem> problems)
    {
        var (streams, stored) = await AtOneMomentAsync(
            async snapshot => (await snapshot.StreamsAsync(), await snapshot.CountEventsAsync()));
        var accounted = streams.Sum(s => s.Head.Version);
        if (stored != accounted)
        {
            problems.Add(new VerifyProblem("ledger", "stray_events", $"holds {stored} events, but its streams account for {accounted}"));
        }

        return [.. streams.Select(s => s.Stream)];
    }

    /// <summary>
    /// Compares a stream's files; when they disagree and the stream has moved on, or is just being written, with what it says by then.
    /// </summary>
    private async ValueTask<StreamReport> WithFilesAsync(StreamReport report)
    {
        for (var look = 1; ; look++)
        {
            await report.CompareFilesAsync(mirror, store);
            if (report.FileProblems.Count == 0) return report;
            await Task.Delay(BetweenLooks);
            if (await store.FindAsync(report.Info.Stream) is not { } now
                || (now.Head == report.Info.Head && now.MirroredTo == report.Info.MirroredTo))
            {
                return report.WithFileProblems();
            }

            if (look == Looks) return report.WithFilesBehind();
            report = await ReadAsync(await AtOneMomentAsync(snapshot => StreamMoment.OfAsync(snapshot, report.Info.Stream)));
        }
    }

    /// <summary>Hashes and folds one stream again.</summary>
    private async ValueTask<StreamReport> ReadAsync(StreamMoment moment)
    {
        var (info, stream) = (moment.Info, moment.Info.Stream);
        var report = new StreamReport(info);
        var head = StreamHead.Empty(stream);
        var fold = lanes.Find(stream) is { } lane ? new Fold(lane, mirror, report, moment.Kept) : null;
        var prefix = Encoding.ASCII.GetBytes("{\"at\":\"");
        while (head.Version < info.Head.Version)
        {
            var page = await store.ReadAsync(stream, head.Version, (int)Math.Min(PageEvents, info.Head.Version - head.Version));
            foreach (var stored in page)
            {
                if (ChainProblem(stored, head, stream, prefix) is { } problem)
                {
                    report.Problems.Add(problem);
                    return report;
                }

                head = new StreamHead(stored.Version, Digest.Of(stored.Bytes.Span));
                report.Events++;
                if (fold is not null && !fold.Take(stored)) return report;
            }

            if (page.Count == 0) break;
        }

        fold?.End();
        if (head != info.Head || moment.GoesOn)
        {
            var end = moment.GoesOn ? "goes on behind" : "ends at";
            report.Problems.Add(new VerifyProblem(
                stream.ToString(), "head",
                $"{end} version {head.Version} ({head.Hash.Short(12)}…), but its head says {info.Head.Version} ({info.Head.Hash.Short(12)}…)"));
        }

        return report;
    }

    /// <summary>
    /// The envelope's last fields follow from what came before, so they are compared as bytes; the rest is covered by the hash that the
    /// next event, or the stream's head, holds.
    /// </summary>
    private static VerifyProblem? ChainProblem(StoredEvent stored, StreamHead previous, StreamName stream, byte[] prefix)
    {
        VerifyProblem Problem(string rule, string message) => new($"{stream}@{stored.Version}", rule, message);
        if (stored.Version != previous.Version + 1) return Problem("version", $"follows version {previous.Version}: events are missing");
        var bytes = stored.Bytes.Span;
        var tail = Encoding.ASCII.GetBytes($",\"prev\":\"{previous.Hash}\",\"stream\":\"{stream}\",\"type\":\"");
        var at = bytes.LastIndexOf(",\"prev\":\""u8);
        if (at < 0 || !bytes.StartsWith(prefix)) return Problem("envelope", "is no event");
        if (!bytes[at..].StartsWith(tail))
        {
            return Problem("chain", $"does not follow the event before it ({previous.Hash.Short(12)}…): one of the two was changed");
        }

        var end = Encoding.ASCII.GetBytes($",\"version\":{stored.Version}}}");
        return bytes.EndsWith(end) ? null : Problem("version", "carries another version in its own bytes");
    }

    /// <summary>Folds one stream again, and notes the files that it gives rise to.</summary>
    private sealed class Fold(ILane lane, FileMirror mirror, StreamReport report, KeptFold? kept)
    {
        private readonly SortedDictionary<string, (MirrorFile File, long Version)> _last = new(StringComparer.Ordinal);
        private LaneFold _fold = LaneFold.Of(lane);
        private bool _compared;

        public bool Take(StoredEvent stored)
        {
            IReadOnlyList<MirrorFile> files;
            try
            {
                (_fold, var folded) = _fold.Take(EventEnvelope.Open(stored.Bytes, lane.Events));
                files = folded.Files;
                if (stored.Version == kept?.Head.Version) Compare(stored, kept);
            }
            catch (Exception e) when (e is not LedgerException)
            {
                // A changed event may make a fold fail in any way; whatever way that is, it is a finding.
                report.Problems.Add(new VerifyProblem($"{report.Info.Stream}@{stored.Version}", "event", e.Message));
                return false;
            }

            foreach (var file in files)
            {
                // Of a file that changes only the last state can be compared, and that is known at the end.
                if (file.OnlyLastCounts || file is AppendedLine) _last[mirror.PathOf(file)] = (file, stored.Version);
                if (!file.OnlyLastCounts) report.Expected.Add((file, stored.Version));
            }

            return true;
        }

        /// <summary>Whether a fold that this build would use is what the events give. Another build's is used by nobody here.</summary>
        private void Compare(StoredEvent stored, KeptFold snapshot)
        {
            _compared = true;
            if (snapshot.Build != FoldSnapshot.BuildOf(lane) || !FoldSnapshot.IsKept(lane)) return;
            var problem = snapshot.Body != snapshot.Sha256 ? "differs from its digest"
                : Digest.Of(stored.Bytes.Span) != snapshot.Head.Hash ? "was made behind another event"
                : Digest.Of(FoldSnapshot.Write(_fold).Span) != snapshot.Body ? "is not what the events give"
                : null;
            if (problem is not null) Wrong(snapshot, problem);
        }

        private void Wrong(KeptFold snapshot, string problem) => report.Problems.Add(new VerifyProblem(
            $"{report.Info.Stream}@{snapshot.Head.Version}", "snapshot", $"what is kept of its fold {problem}"));

        /// <summary>Notes what only the whole stream can tell.</summary>
        public void End()
        {
            if (kept is not null && !_compared) Wrong(kept, "lies beyond its last event");
            foreach (var (file, version) in _last.Values)
            {
                if (file.OnlyLastCounts) report.Expected.Add((file, version));
                else report.LastLines.Add(((AppendedLine)file, version));
            }

            report.Place(file => lane.PlaceOf(_fold.State, file));
        }
    }
}

/// <summary>What verification found.</summary>
/// <param name="Streams">Streams checked.</param>
/// <param name="Events">Events hashed again.</param>
/// <param name="Files">Files compared.</param>
/// <param name="Behind">Files that are not written yet, after a crash.</param>
/// <param name="Problems">What does not agree; empty when all does.</param>
public sealed record VerifyReport(long Streams, long Events, long Files, long Behind, IReadOnlyList<VerifyProblem> Problems);

/// <summary>One disagreement: where, which rule, and what.</summary>
public sealed record VerifyProblem(string Where, string Rule, string Message);
