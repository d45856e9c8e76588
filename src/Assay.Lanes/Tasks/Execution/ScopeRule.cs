using System.Collections.Immutable;
using Assay.Kernel.Trees;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>What a task may change (lane document: Tasks, Execution). What is not permitted is forbidden.</summary>
internal static class ScopeRule
{
    /// <summary>Never a task's to change, whatever its scope says (ruling 15).</summary>
    private static readonly GlobPattern[] Protected =
    [
        .. new[] { ".state/**", ".ledger/**", ".assay/**", "schema/**", "contracts/**", "logs/**", "**/.git/**", "**/.git" }.Select(p => GlobPattern.Parse(p)!),
    ];

    /// <summary>Why a change that a task of a run made is not permitted; null when all of it is.</summary>
    public static string? Violation(ExecutionState state, TaskState task, ChangeSet changes)
    {
        var root = state.Declared.ProjectRoot;
        var tree = task.Spec.WorkingTree == root ? "" : task.Spec.WorkingTree![(root.Length + 1)..];
        return ProjectViolation(state.Declared.Protected ?? [], tree, changes) ?? Violation(task.Spec.FileScope, changes);
    }

    /// <summary>Why a change is not permitted in a project, whatever the scope of its task says.</summary>
    /// <param name="patterns">What no task may change, from the project's top.</param>
    /// <param name="tree">The task's tree, from there; empty: the project itself.</param>
    /// <param name="changes">The change.</param>
    public static string? ProjectViolation(ImmutableArray<string> patterns, string tree, ChangeSet changes)
    {
        var globs = patterns.Select(p => (Text: p, Glob: GlobPattern.Parse(p)!)).ToList();
        foreach (var path in changes.Files.SelectMany(f => f.From is null ? [f.Path] : new[] { f.From, f.Path }))
        {
            var full = tree.Length == 0 ? path : $"{tree}/{path}";
            if (globs.Find(g => g.Glob.Matches(full)) is not { Text: { } text }) continue;
            return $"{Shown(path)} is protected: no task of the run may change {text} (protected)";
        }

        return null;
    }

    /// <summary>Why a change is not permitted, naming the first file; null when all of it is.</summary>
    public static string? Violation(FileScope scope, ChangeSet changes)
    {
        var write = scope.Write.Select(p => GlobPattern.Parse(p)!).ToList();
        var forbid = scope.Forbid.Select(p => GlobPattern.Parse(p)!).ToList();
        foreach (var file in changes.Files)
        {
            foreach (var path in file.From is null ? [file.Path] : new[] { file.From, file.Path })
            {
                if (Protected.Any(p => p.Matches(path))) return $"{Shown(path)} is protected";
                if (forbid.Any(p => p.Matches(path))) return $"{Shown(path)} is forbidden";
                if (!write.Any(p => p.Matches(path))) return $"{Shown(path)} is outside of what may be written";
            }

            if (file.After?.Kind == EntryKind.Special) return $"{Shown(file.Path)} is a pipe, a socket or a device";
            if (file.After is { Kind: EntryKind.Link, Target: { } target } && !StaysInside(file.Path, target)) return $"{Shown(file.Path)} is a link that leaves the tree";
        }

        return null;
    }

    /// <summary>Whether two tasks may change the same file.</summary>
    public static bool Overlap(TaskSpec a, TaskSpec b)
    {
        if (!SharesTree(a, b)) return false;
        if (a.WorkingTree != b.WorkingTree) return true;
        return a.FileScope.Write.Any(p => b.FileScope.Write.Any(q => GlobPattern.Parse(p)!.Overlaps(GlobPattern.Parse(q)!)));
    }

    /// <summary>Whether two tasks work in the same tree, or one in a part of the other's.</summary>
    public static bool SharesTree(TaskSpec a, TaskSpec b) =>
        a.WorkingTree is { } one && b.WorkingTree is { } other && (Inside(one, other) || Inside(other, one));

    private static bool Inside(string path, string folder) => path == folder || path.StartsWith(folder + '/', StringComparison.Ordinal);

    /// <summary>Up as far as the tree goes, then only down: a way up behind a name could go through another link.</summary>
    private static bool StaysInside(string link, string target)
    {
        var names = target.Split('/');
        var up = names.TakeWhile(n => n == "..").Count();
        return target.Length > 0 && target[0] != '/' && up <= link.Count(c => c == '/') && !names.Skip(up).Contains("..");
    }

    /// <summary>A name as it may stand in a message: whoever made the file chose it.</summary>
    public static string Shown(string path) => BoundedText.Cut(string.Concat(path.Select(c => char.IsControl(c) ? '\uFFFD' : c)), 200);
}
