using System.Collections.Immutable;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;

namespace Assay.Engine.Files;

/// <summary>Performs <see cref="CollectFiles"/>. Doing it twice gives the same files, so an interrupted attempt is simply made again.</summary>
internal sealed class CollectPerformer(Workspace workspace) : IEffectPerformer
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) => Task.Run(() => Perform((CollectFiles)attempt.Effect, cancel), cancel);

    private EffectResult Perform(CollectFiles effect, CancellationToken cancel)
    {
        var root = workspace.Folder(effect.Root);
        var files = new List<CollectedFile>();
        var complete = true;
        var nameChars = 0;
        foreach (var from in effect.From)
        {
            var folder = RootedPath.Resolve(root, from);
            if (!Directory.Exists(folder)) continue;
            foreach (var path in Directory.EnumerateFiles(folder, "*", Everything).Order(StringComparer.Ordinal))
            {
                cancel.ThrowIfCancellationRequested();
                var file = Path.GetRelativePath(folder, path);
                nameChars += from.Length + file.Length;
                if (files.Count == effect.MaxFiles || nameChars > effect.MaxNameChars)
                {
                    complete = false;
                    break;
                }

                files.Add(Copy(effect, root, folder, from, file));
            }
        }

        DurableFile.SyncFolders(root, files.Where(f => f.Sha256 is not null).Select(f => Path.Combine(root, effect.To, f.Name)));
        return new EffectResult(new FilesOutcome([.. files], complete), ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    private static CollectedFile Copy(CollectFiles effect, string root, string folder, string from, string name)
    {
        var kept = effect.KeepFolders ? Path.Combine(from, name) : name;
        var (file, content) = EvidenceReader.Read(folder, new CollectedName(name, effect.MaxFileBytes, Content: true));
        if (content is null) return file with { Name = kept };
        var target = RootedPath.Resolve(root, Path.Combine(effect.To, kept));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        if (!Path.Exists(target))
        {
            // Whole or not at all, so that an attempt that died here leaves nothing that a later one would take for the file.
            var temporary = $"{target}.{Environment.ProcessId}.tmp";
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, target);
        }
        else if (EvidenceReader.Read(root, new CollectedName(Path.Combine(effect.To, kept), effect.MaxFileBytes, Content: false)).File.Sha256 != file.Sha256)
        {
            return file with { Name = kept, Sha256 = null, Problem = "another file of that name is there already" };
        }

        DurableFile.Sync(target);
        return file with { Name = kept };
    }
}
