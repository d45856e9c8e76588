using Assay.Native;

namespace Assay.Inputs;

/// <summary>The folder of a plan, which nothing that the plan names may leave, not even through a link.</summary>
internal sealed class PlanFolder
{
    public PlanFolder(string planPath) => Path = Real(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(planPath))!);

    /// <summary>Absolute, links resolved.</summary>
    public string Path { get; }

    /// <summary>
    /// The absolute path of an existing file that a document names, relative to <paramref name="from"/>; else null and why.
    /// </summary>
    public string? Resolve(string from, string name, out string problem)
    {
        problem = "leaves the plan's folder";
        if (name.StartsWith('/') || name.Contains('\0', StringComparison.Ordinal)) return null;
        var full = System.IO.Path.GetFullPath(System.IO.Path.Combine(from, name));
        if (!IsInside(full)) return null;
        if (Directory.Exists(full)) problem = "is a folder";
        else if (!File.Exists(full)) problem = "does not exist";
        else if (IsInside(Real(full))) return full;
        return null;
    }

    private bool IsInside(string full) => full.StartsWith(Path + '/', StringComparison.Ordinal);

    /// <summary>A path with every link in it resolved, as far as it exists.</summary>
    internal static string Real(string path) => HostPath.Real(path);
}
