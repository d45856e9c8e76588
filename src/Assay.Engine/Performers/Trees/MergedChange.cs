using Assay.Kernel.Streams;
using Assay.Kernel.Trees;

namespace Assay.Engine.Performers.Trees;

/// <summary>A file that had moved on and was merged with a change.</summary>
internal sealed record MergedFile(string Path, FileVersion Was, byte[] Before, FileVersion Became, byte[] After);

/// <summary>
/// The change that was made in a tree where files were merged, as it has to be taken back: it is not the one that was asked for.
/// </summary>
/// <param name="Sha256">The change set.</param>
/// <param name="Blobs">It, and the contents that only it names.</param>
internal sealed record MergedChange(Digest Sha256, IReadOnlyList<Blob> Blobs)
{
    /// <summary>The change; null when nothing was merged.</summary>
    /// <param name="asked">What was asked for.</param>
    /// <param name="reverse">Whether it was taken back.</param>
    /// <param name="merged">The files that were merged.</param>
    public static MergedChange? Of(ChangeSet asked, bool reverse, IReadOnlyList<MergedFile> merged)
    {
        if (merged.Count == 0) return null;
        var byPath = merged.ToDictionary(m => m.Path, StringComparer.Ordinal);
        var made = asked with { Files = [.. asked.Files.Select(f => byPath.TryGetValue(f.Path, out var m) ? Merged(f, m, reverse) : f)] };
        var document = made.Bytes();
        var contents = merged.SelectMany(m => new[] { new Blob(m.Was.Sha256, m.Before), new Blob(m.Became.Sha256, m.After) });
        return new MergedChange(Digest.Of(document), [new Blob(Digest.Of(document), document), .. contents.DistinctBy(b => b.Sha256)]);
    }

    /// <summary>Before and after are those of the change, whichever way it was brought in.</summary>
    private static FileChange Merged(FileChange file, MergedFile merged, bool reverse) => reverse
        ? file with { Before = merged.Became, After = merged.Was }
        : file with { Before = merged.Was, After = merged.Became };
}
