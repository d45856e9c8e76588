using System.Text;
using Assay.Inputs;
using Assay.Lanes.Queue.Safety;
using Assay.Native;

namespace Assay.Queue;

/// <summary>A folder of this host that a command would work in.</summary>
internal sealed class WorkFolder : IWorkPlace
{
    /// <summary>PATH_MAX of Linux.</summary>
    private const int MaxBytes = 4096;

    private readonly string _root;

    public WorkFolder(string root) => _root = RealPath.Of(Path.GetFullPath(root));

    public string? Inside(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(path) > MaxBytes) return null;

        // By its words and by its links: behind a link, ".." is another folder than its words say.
        if (Below(Path.GetFullPath(Path.Combine(_root, path))) is null) return null;
        return Below(RealPath.Of(Path.Combine(_root, path)));
    }

    public string? Sha256(string path) => DocumentFile.Sha256(Path.Combine(_root, path)) is { IsThere: true, Sha256: { } digest } ? digest.ToString() : null;

    private string? Below(string full)
    {
        full = full.TrimEnd('/');
        if (full == _root) return "";
        return full.StartsWith(_root == "/" ? "/" : _root + "/", StringComparison.Ordinal) ? full[(_root.Length + (_root == "/" ? 0 : 1))..] : null;
    }
}
