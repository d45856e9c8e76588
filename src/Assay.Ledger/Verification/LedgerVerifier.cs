using System.Text;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger.Mirror;

namespace Assay.Ledger.Verification;

/// <summary>
/// Checks a ledger against itself and its files, trusting no count and no cached state: each stream's chain is hashed again, folded again, and every
/// file that the fold gives rise to is compared.
/// </summary>
/// <param name="store">The ledger.</param>
/// <param name="lanes">The lanes by name; a stream of another lane is checked as a chain only.</param>
/// <param name="mirror">Where the files are.</param>
public sealed class LedgerVerifier(IEventStore store, IReadOnlyDictionary<string, ILane> lanes, FileMirror mirror)
{
    private const int PageEvents = 4096;

    /// <summary>Verifies everything. Problems are in the order of the streams' names, and within a stream in the order of its events.</summary>
    public VerifyReport Verify()
    {
        var streams = store.Streams();
        var results = new StreamReport[streams.Count];
        Parallel.For(0, streams.Count, i => results[i] = Verify(streams[i]));
        var problems = results.SelectMany(r => r.Problems).ToList();
        var events = results.Sum(r => r.Events);
        var stored = store.CountEvents();
        if (stored != events && problems.Count == 0)
        {
            problems.Add(new VerifyProblem("ledger", "stray_events", $"holds {stored} events, but its streams account for {events}"));
        }

        return new VerifyReport(streams.Count, events, results.Sum(r => r.Files), results.Sum(r => r.Behind), problems);
    }

    private StreamReport Verify(StreamInfo info)
    {
        var report = new StreamReport();
        var head = StreamHead.Empty(info.Stream);
        var fold = lanes.TryGetValue(info.Stream.Lane, out var lane) ? new Fold(lane, info, mirror, store, report) : null;
        var prefix = Encoding.ASCII.GetBytes("{\"at\":\"");
        for (; ; )
        {
            var page = store.Read(info.Stream, head.Version, PageEvents);
            foreach (var stored in page)
            {
                if (ChainProblem(stored, head, info.Stream, prefix) is { } problem)
                {
                    report.Problems.Add(problem);
                    return report;
                }

                head = new StreamHead(stored.Version, Digest.Of(stored.Bytes.Span));
                report.Events++;
                if (fold is not null && !fold.Take(stored)) return report;
            }

            if (page.Count < PageEvents) break;
        }

        fold?.End();

        if (head != info.Head)
        {
            report.Problems.Add(new VerifyProblem(
                info.Stream.ToString(), "head", $"ends at version {head.Version} ({head.Hash.Short(12)}…), but its head says {info.Head.Version} ({info.Head.Hash.Short(12)}…)"));
        }

        return report;
    }

    /// <summary>
    /// The envelope's last fields follow from what came before, so they are compared as bytes; the rest is covered by the hash that the next
    /// event, or the stream's head, holds.
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

    /// <summary>Folds one stream again and compares the files it gives rise to.</summary>
    private sealed class Fold(ILane lane, StreamInfo info, FileMirror mirror, IEventStore store, StreamReport report)
    {
        private readonly SortedDictionary<string, (MirrorFile File, long Version)> _last = new(StringComparer.Ordinal);
        private LaneFold _fold = LaneFold.Of(lane);

        public bool Take(StoredEvent stored)
        {
            IReadOnlyList<MirrorFile> files;
            try
            {
                var recorded = EventEnvelope.Open(stored.Bytes, lane.Events);
                (_fold, var folded) = _fold.Take(recorded);
                files = folded.Files;
            }
            catch (Exception e)
            {
                // A changed event may make a fold fail in any way; whatever way that is, it is a finding.
                report.Problems.Add(new VerifyProblem($"{info.Stream}@{stored.Version}", "event", e.Message));
                return false;
            }

            foreach (var file in files)
            {
                // Of a file that changes only the last state can be compared, and that is known at the end.
                if (file.OnlyLastCounts || file is AppendedLine) _last[mirror.PathOf(file)] = (file, stored.Version);
                if (!file.OnlyLastCounts) Compare(file, stored.Version);
            }

            return true;
        }

        /// <summary>Compares what only the whole stream can tell.</summary>
        public void End()
        {
            foreach (var (file, version) in _last.Values)
            {
                if (file.OnlyLastCounts) Compare(file, version);
                else if (mirror.CheckEnd((AppendedLine)file) is { } problem) report.Problems.Add(new VerifyProblem(mirror.PathOf(file), "file", $"{problem} ({info.Stream}@{version})"));
            }
        }

        private void Compare(MirrorFile file, long version)
        {
            report.Files++;
            if (mirror.Check(file) is { } problem)
            {
                // After a crash files may be behind the ledger; the next run of the stream writes them. That is no disagreement.
                if (version > info.MirroredTo && (problem == FileMirror.Missing || file.OnlyLastCounts || file is AppendedLine)) report.Behind++;
                else report.Problems.Add(new VerifyProblem(mirror.PathOf(file), "file", $"{problem} ({info.Stream}@{version})"));
            }
            else if (DigestOf(file) is { } digest && store.ReadBlob(digest) is { } blob && Digest.Of(blob) != digest)
            {
                report.Problems.Add(new VerifyProblem($"blob {digest.Short(12)}…", "blob", $"differs from its digest ({info.Stream}@{version})"));
            }
        }

        private static Digest? DigestOf(MirrorFile file) => file switch
        {
            CapturedFile captured => captured.Sha256,
            BlobFile kept => kept.Sha256,
            AppendedLine line => line.Sha256,
            _ => null,
        };
    }

    private sealed class StreamReport
    {
        public long Events { get; set; }

        public long Files { get; set; }

        public long Behind { get; set; }

        public List<VerifyProblem> Problems { get; } = [];
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
