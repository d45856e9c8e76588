using System.Collections.Immutable;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Files;

/// <summary>Performs <see cref="CollectFiles"/>. Doing it twice gives the same files, so an interrupted attempt is simply made again.</summary>
internal sealed class CollectPerformer(Workspace workspace) : IEffectPerformer
{
    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) => Task.Run(() => Perform((CollectFiles)attempt.Effect, cancel), cancel);

    private EffectResult Perform(CollectFiles effect, CancellationToken cancel)
    {
        var root = workspace.Folder(effect.Root);
        using var top = FolderHandle.OpenNamed(root);
        var files = new List<CollectedFile>();
        var complete = true;
        foreach (var from in effect.From)
        {
            using var folder = Find(top, from, files, ref complete);
            if (folder is null) continue;
            var nameChars = files.Sum(f => f.Name.Length);
            var found = FolderFiles.In(folder, effect.MaxFiles - files.Count, effect.MaxNameChars - nameChars - from.Length, cancel);
            complete &= found.Problem is null;
            foreach (var name in found.Names)
            {
                cancel.ThrowIfCancellationRequested();
                files.Add(Copy(effect, top, folder, effect.KeepFolders ? Path.Combine(from, name) : name, name, cancel));
            }
        }

        DurableFile.SyncFolders(root, files.Where(f => f.Sha256 is not null).Select(f => Path.Combine(root, effect.To, f.Name)));
        return new EffectResult(new FilesOutcome([.. files], complete), ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    /// <summary>A folder to copy from; null when it is not there, or something else stands in its place, which is listed.</summary>
    private static FolderHandle? Find(FolderHandle top, string from, List<CollectedFile> files, ref bool complete)
    {
        try
        {
            return top.FindFolder(from);
        }
        catch (IOException e)
        {
            files.Add(new CollectedFile(from, 0, null, e.Message));
            complete = false;
            return null;
        }
    }

    private static CollectedFile Copy(CollectFiles effect, FolderHandle top, FolderHandle folder, string kept, string name, CancellationToken cancel)
    {
        var (file, content) = EvidenceReader.Read(folder, new CollectedName(name, effect.MaxFileBytes, Content: true), cancel);
        cancel.ThrowIfCancellationRequested();
        file = file with { Name = kept };
        if (content is null) return file;
        var target = Path.Combine(effect.To, kept);

        // Whole or not at all, so that an attempt that died here leaves nothing that a later one would take for the file.
        if (top.Write(target, content, replaces: false, isSynced: true)) return file;
        var there = EvidenceReader.Read(top, new CollectedName(target, effect.MaxFileBytes, Content: false), cancel).File;
        return there.Sha256 == file.Sha256 ? file : file with { Sha256 = null, Problem = "another file of that name is there already" };
    }
}
