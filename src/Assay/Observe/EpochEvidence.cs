using System.Text;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Lanes.Epochs;
using Assay.Native;

namespace Assay.Observe;

/// <summary>Where the evidence of an epoch lies, and what its failed crucibles said last: for people, from files that may be gone.</summary>
/// <param name="Folder">The folder of its files, as an absolute path.</param>
/// <param name="LastWords">The last line that each wrote to its standard error, if it did; as untrusted as any.</param>
internal sealed record EpochEvidence(string Folder, IReadOnlyList<(string CrucibleId, string Line)> LastWords)
{
    private const int MaxBytes = 4096;
    private const int MaxLine = 200;

    /// <summary>Of an epoch that is there.</summary>
    public static async ValueTask<EpochEvidence> OfAsync(Workspace workspace, string epochId)
    {
        var state = (EpochState)(await StreamLoad.OfAsync(workspace.Store, EpochLane.Instance, EpochLane.StreamOf(epochId))).State;
        using var root = FolderHandle.Find(workspace.Folder(state.Declared.ArtifactsRoot));
        var failed = from crucible in state.Crucibles
                     where crucible is { Result.Outcome: CrucibleOutcome.FailClosed, Run: not null }
                     let line = LastLine(root, crucible.Run!.Stderr)
                     where line is not null
                     select (crucible.Declared.CrucibleId, line);
        return new EpochEvidence(EpochText.Folder(workspace, state.Declared), [.. failed]);
    }

    private static string? LastLine(FolderHandle? root, Captured stderr)
    {
        try
        {
            using var file = root?.OpenFile(stderr.File) ?? default;
            if (file.Handle is not { } handle) return null;
            var end = new byte[MaxBytes];
            var read = RandomAccess.Read(handle, end, Math.Max(0, file.SizeBytes - MaxBytes));
            var line = Encoding.UTF8.GetString(end, 0, read).Split('\n').LastOrDefault(l => !string.IsNullOrWhiteSpace(l))?.Trim();
            return line?.Length > MaxLine ? line[..MaxLine] + "…" : line;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
