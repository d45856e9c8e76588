using System.Collections.Immutable;
using System.Text;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Observe;

/// <summary>The last lines that a process wrote to its standard error, for people: as untrusted as any.</summary>
/// <param name="workspace">The workspace in which it ran.</param>
/// <param name="secrets">What no line shows.</param>
internal sealed class StderrTail(Workspace workspace, Secrets secrets)
{
    private const int MaxBytes = 8 * 1024;
    private const int MaxLines = 10;
    private const int MaxLine = 400;

    /// <summary>The lines that are not empty, the last one last; null when it wrote none, or they are gone.</summary>
    /// <param name="root">The folder in which its file lies; null: the workspace's.</param>
    /// <param name="stderr">What it wrote.</param>
    public async ValueTask<ImmutableArray<string>?> ReadAsync(string? root, Captured? stderr)
    {
        if (stderr is not { SizeBytes: > 0 }) return null;
        var kept = await workspace.Store.ReadBlobAsync(stderr.Sha256);
        var end = kept is null ? EndOfFile(root, stderr) : kept.AsMemory()[^Math.Min(kept.Length, MaxBytes)..];
        var lines = secrets.Redact(Encoding.UTF8.GetString(end.Span)).Split('\n').Skip(end.Length < stderr.SizeBytes ? 1 : 0);
        ImmutableArray<string> last = [.. lines.Select(l => l.TrimEnd()).Where(l => l.Length > 0).TakeLast(MaxLines).Select(Cut)];
        return last.IsEmpty ? null : last;
    }

    private static string Cut(string line) => line.Length > MaxLine ? $"{line[..MaxLine]}…" : line;

    /// <summary>Of output that is too large for the ledger; nothing when the file is not as it was left.</summary>
    private ReadOnlyMemory<byte> EndOfFile(string? root, Captured stderr)
    {
        try
        {
            using var folder = FolderHandle.Find(workspace.Folder(root));
            using var file = folder?.OpenFile(stderr.File) ?? default;
            if (file.Handle is not { } handle || file.SizeBytes != stderr.SizeBytes) return default;
            var end = new byte[Math.Min(file.SizeBytes, MaxBytes)];
            return end.AsMemory(0, RandomAccess.Read(handle, end, file.SizeBytes - end.Length));
        }
        catch (IOException)
        {
            return default;
        }
    }
}
