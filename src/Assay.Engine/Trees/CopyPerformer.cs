using System.Collections.Immutable;
using Assay.Engine.Files;
using Assay.Engine.Processes.Native;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Trees;

namespace Assay.Engine.Trees;

/// <summary>Performs <see cref="CopyTree"/>. An attempt that was lost leaves a folder that nobody uses, and is simply made again.</summary>
internal sealed class CopyPerformer(Workspace workspace) : IEffectPerformer
{
    /// <summary>Longer than a tick of the clock that stamps files, so that whatever is changed later has another stamp.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromMilliseconds(12);

    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) => Task.Run(() => Perform((CopyTree)attempt.Effect, cancel), CancellationToken.None);

    /// <summary>Where the look at the work copy is kept, beside the copies.</summary>
    public static string SnapshotFile(string folder) => Path.Combine(folder, "work.snapshot");

    private EffectResult Perform(CopyTree effect, CancellationToken cancel)
    {
        var folder = FreshPath.CreateFolder(workspace.Root, effect.To);
        CopyOutcome outcome;
        try
        {
            outcome = Copy(effect, folder, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            outcome = Failed(folder, e.Message);
        }
        catch (OperationCanceledException)
        {
            outcome = Failed(folder, "it was cancelled");
        }

        return new EffectResult(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    /// <summary>What was copied goes at once: when the disk is full, the outcome itself needs room.</summary>
    private CopyOutcome Failed(string folder, string problem)
    {
        try
        {
            Directory.Delete(Path.Combine(workspace.Root, folder), recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes with the other copies of the attempt.
        }

        return new CopyOutcome(folder, default, 0, problem);
    }

    private CopyOutcome Copy(CopyTree effect, string folder, CancellationToken cancel)
    {
        var from = Path.GetFullPath(effect.From).TrimEnd('/');
        if (!Directory.Exists(from)) throw new IOException($"{from} is no folder");
        var at = Path.Combine(workspace.Root, folder);
        var (kept, work) = (Path.Combine(at, CopyOutcome.BaseName), Path.Combine(at, CopyOutcome.WorkName));
        if (GitRepository.Is(from))
        {
            GitRepository.Clone(from, kept);
            GitRepository.Clone(from, work);
        }

        HashSet<string> exclude = [.. effect.Exclude];
        if (workspace.Root.StartsWith(from + '/', StringComparison.Ordinal)) exclude.Add(workspace.Root[(from.Length + 1)..]);
        CopyFiles(from, kept, exclude, cancel);
        var snapshot = TreeSnapshot.Take(kept);
        CopyFiles(kept, work, [], cancel);
        snapshot.StampedAt(work).Save(SnapshotFile(at));
        Thread.Sleep(ClockTick);
        return new CopyOutcome(folder, snapshot.Sha256(), snapshot.Entries.Count, null);
    }

    private static void CopyFiles(string from, string to, HashSet<string> exclude, CancellationToken cancel)
    {
        Directory.CreateDirectory(to);
        foreach (var (path, found) in TreeSnapshot.Walk(from, exclude))
        {
            cancel.ThrowIfCancellationRequested();
            var (source, target) = (Path.Combine(from, path), Path.Combine(to, path));
            switch (found.Kind)
            {
                case null:
                    Directory.CreateDirectory(target);
                    break;
                case EntryKind.File:
                    File.Copy(source, target);
                    break;
                case EntryKind.Link:
                    if (Libc.SymLink(new FileInfo(source).LinkTarget!, target) != 0) throw new IOException($"{target}: {Libc.LastError()}");
                    break;
                case EntryKind.Special:
                    // A socket or a pipe has no content that could be worked on.
                    break;
            }
        }
    }
}
