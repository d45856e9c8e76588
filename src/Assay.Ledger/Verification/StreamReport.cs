using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger.Mirror;

namespace Assay.Ledger.Verification;

/// <summary>What verification knows of one stream.</summary>
/// <param name="info">The stream as its events were read.</param>
internal sealed class StreamReport(StreamInfo info)
{
    public StreamInfo Info => info;

    public long Events { get; set; }

    public long Files { get; private set; }

    public long Behind { get; private set; }

    public List<VerifyProblem> Problems { get; } = [];

    /// <summary>Files that must be there, each with the version of its event.</summary>
    public List<(MirrorFile File, long Version)> Expected { get; } = [];

    /// <summary>The last line of each growing file.</summary>
    public List<(AppendedLine Line, long Version)> LastLines { get; } = [];

    /// <summary>What does not agree in files; not yet part of <see cref="Problems"/>, since work may have gone on.</summary>
    public List<VerifyProblem> FileProblems { get; } = [];

    /// <summary>Looks for files where they lie as things stand.</summary>
    public void Place(Func<MirrorFile, MirrorFile> place)
    {
        for (var i = 0; i < Expected.Count; i++) Expected[i] = (place(Expected[i].File), Expected[i].Version);
        for (var i = 0; i < LastLines.Count; i++) LastLines[i] = ((AppendedLine)place(LastLines[i].Line), LastLines[i].Version);
    }

    /// <summary>Compares what is expected with what is there.</summary>
    public async ValueTask CompareFilesAsync(FileMirror mirror, IEventReader store)
    {
        (Files, Behind) = (Expected.Count, 0);
        FileProblems.Clear();
        foreach (var (file, version) in Expected)
        {
            if (mirror.Check(file) is { } problem)
            {
                // After a crash files may be behind the ledger; the next run of the stream writes them. That is no disagreement.
                if (version > info.MirroredTo && (problem == FileMirror.Missing || file.OnlyLastCounts || file is AppendedLine)) Behind++;
                else Disagrees(mirror.PathOf(file), problem, version);
            }
            else if (DigestOf(file) is { } digest && await store.ReadBlobAsync(digest) is { } blob && Digest.Of(blob) != digest)
            {
                FileProblems.Add(new VerifyProblem($"blob {digest.Short(12)}…", "blob", $"differs from its digest ({info.Stream}@{version})"));
            }
        }

        foreach (var (line, version) in LastLines)
        {
            if (mirror.CheckEnd(line) is { } problem) Disagrees(mirror.PathOf(line), problem, version);
        }
    }

    /// <summary>The files disagree, and nothing went on that could explain it.</summary>
    public StreamReport WithFileProblems()
    {
        Problems.AddRange(FileProblems);
        return this;
    }

    /// <summary>The stream goes on faster than it can be looked at: its files count as not written yet.</summary>
    public StreamReport WithFilesBehind()
    {
        Behind += FileProblems.Count;
        return this;
    }

    private void Disagrees(string path, string problem, long version) =>
        FileProblems.Add(new VerifyProblem(path, "file", $"{problem} ({info.Stream}@{version})"));

    private static Digest? DigestOf(MirrorFile file) => file switch
    {
        CapturedFile captured => captured.Sha256,
        BlobFile kept => kept.Sha256,
        AppendedLine line => line.Sha256,
        _ => null,
    };
}
