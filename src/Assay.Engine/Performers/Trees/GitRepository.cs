using System.Text;
using System.Text.RegularExpressions;
using Assay.Engine.Runner;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// What is asked of git. It runs in repositories that the person owns, and never in a copy in which untrusted work has been, whose
/// configuration could name programs.
/// </summary>
internal static partial class GitRepository
{
    /// <summary>It starts no hook, and nothing that outlives it and holds its pipes.</summary>
    private static readonly string[] Quiet = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0"];

    /// <summary>What git says of something that only has the name of a repository.</summary>
    private static readonly string[] NoRepository = ["not a git repository", "invalid gitfile format"];

    /// <summary>What stands before a path, so that none is taken for a pattern with magic: <c>:(top)</c>.</summary>
    private const string Here = "./";

    /// <summary>Whether a tree is the top of a repository that has a commit.</summary>
    /// <exception cref="IOException">It looks like a repository, and git will not work in it: it may belong to somebody else.</exception>
    public static bool Is(string tree)
    {
        if (!Path.Exists(Path.Combine(tree, TreeSnapshot.Repository))) return false;
        string[] files = [.. RepositoryFiles.Of(tree)];
        Expect(Run(tree, ["rev-parse", "--git-dir"], "", reads: files), 0);
        return Run(tree, ["rev-parse", "--verify", "--quiet", "HEAD"], "", reads: files).ExitCode == 0;
    }

    /// <summary>Clones the history of a repository, without its files, hard links and hooks.</summary>
    /// <exception cref="IOException">git could not do it.</exception>
    public static void Clone(string from, string to)
    {
        var parent = Path.GetDirectoryName(to)!;
        string[] words = ["clone", "--quiet", "--no-hardlinks", "--no-checkout", "--template=", "--", from, to];
        Expect(Run(parent, words, "", reads: [.. RepositoryFiles.Of(from)], writes: [parent]), 0);
        Expect(Run(to, ["read-tree", "HEAD"], "", reads: [], writes: [to]), 0);
    }

    /// <summary>
    /// Those of some paths that git ignores: by the rules of the tree's own repository, with or without a commit, or of the one in which
    /// the tree is a folder. One that ignores the whole tree has nothing to say of it.
    /// </summary>
    /// <exception cref="IOException">git could not say.</exception>
    public static IReadOnlySet<string> Ignored(string tree, IReadOnlyCollection<string> paths)
    {
        if (paths.Count == 0 || RepositoryFiles.TopOf(tree) is not { } top) return new HashSet<string>();
        string[] files = [.. RepositoryFiles.Of(top)];
        if (top != tree && !HasRulesFor(tree, files)) return new HashSet<string>();
        IReadOnlyCollection<string> left = paths;
        for (; ; )
        {
            var input = string.Join('\0', left.Select(p => Here + p));
            var result = Run(tree, ["check-ignore", "-z", "--stdin"], input, reads: files);

            // What lies in a submodule has rules of its own, which are not asked, and what lies behind a link of the tree has none.
            if (Elsewhere().Match(result.Error) is { Success: true } elsewhere)
            {
                var path = Path.GetRelativePath(tree, Path.Combine(elsewhere.Groups["module"].Success ? top : tree, elsewhere.Value));
                var rest = left.Where(p => p != path && !p.StartsWith($"{path}/", StringComparison.Ordinal)).ToList();
                if (rest.Count == 0) return new HashSet<string>();
                if (rest.Count < left.Count)
                {
                    left = rest;
                    continue;
                }
            }

            Expect(result, 0, 1);
            var ignored = result.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
            return ignored.Select(p => p[Here.Length..]).ToHashSet(StringComparer.Ordinal);
        }
    }

    /// <summary>Asks at once whether git will say what it ignores in a tree, before work is done in vain.</summary>
    /// <exception cref="IOException">It will not: the repository may belong to somebody else.</exception>
    public static void ExpectRules(string tree) => Ignored(tree, ["any"]);

    /// <summary>
    /// Whether the repository in which a tree is a folder has something to say of what lies there: it is one, and does not ignore the tree,
    /// or whatever lies directly in it, for then all that a task does there would pass for nothing.
    /// </summary>
    /// <exception cref="IOException">git will not work in it: it may belong to somebody else.</exception>
    private static bool HasRulesFor(string tree, string[] files)
    {
        var result = Run(tree, ["check-ignore", "-z", "--stdin"], Here, reads: files);
        if (result.ExitCode > 1 && Array.Exists(NoRepository, n => result.Error.Contains(n, StringComparison.Ordinal))) return false;
        Expect(result, 0, 1);
        return result.ExitCode == 1;
    }

    /// <summary>The submodule, named from the top, or the path.</summary>
    [GeneratedRegex(
        @"(?<=is in submodule ')(?<module>[^']+)|(?<=athspec ')[^']+(?=' is beyond a symbolic link)",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Elsewhere();

    /// <summary>The unified diff between two folders.</summary>
    /// <param name="folder">Where both lie.</param>
    /// <param name="before">The name of one.</param>
    /// <param name="after">The name of the other.</param>
    /// <exception cref="IOException">git could not make it.</exception>
    public static byte[] Diff(string folder, string before, string after)
    {
        string[] words = ["diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-prefix", "--full-index", "--find-renames=100%", before, after];
        var result = Run(folder, words, "", Encoding.Latin1);
        Expect(result, 0, 1);
        return Encoding.Latin1.GetBytes(result.Output);
    }

    /// <summary>Merges two texts that come from the same one; null when they touch the same lines.</summary>
    public static byte[]? Merge(byte[] ours, byte[] origin, byte[] theirs)
    {
        var folder = Directory.CreateTempSubdirectory("assay-merge-").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "ours"), ours);
            File.WriteAllBytes(Path.Combine(folder, "origin"), origin);
            File.WriteAllBytes(Path.Combine(folder, "theirs"), theirs);
            var result = Run(folder, ["merge-file", "-p", "ours", "origin", "theirs"], "", Encoding.Latin1);
            return result.ExitCode == 0 ? Encoding.Latin1.GetBytes(result.Output) : null;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Expect(GitResult result, params int[] codes)
    {
        if (!codes.Contains(result.ExitCode)) throw new IOException($"git: {result.Error.Trim()}");
    }

    /// <summary>In the cage: it reads what is named and the person's own settings, writes one folder, and has no network.</summary>
    private static GitResult Run(string folder, string[] words, string input, Encoding? encoding = null, string[]? reads = null, string[]? writes = null)
    {
        var ownSettings = !words.Contains("--no-index") && !words.Contains("merge-file");
        var plan = new CagePlan
        {
            Level = CageHost.Current.Problem is null ? SandboxLevel.Strict : SandboxLevel.None,
            Reads = [.. (reads ?? [folder]).Concat(ownSettings ? RepositoryFiles.Settings() : []).Where(p => p != "/" && Path.Exists(p))],
            Writes = [.. writes ?? []],
            Hides = [],
            MayHoldSockets = true,
            WorkFolder = folder,
        };
        List<string> environment = ["GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"];
        foreach (var name in new[] { "PATH", "HOME", "SUDO_UID" })
        {
            if (Environment.GetEnvironmentVariable(name) is { } value) environment.Add($"{name}={value}");
        }

        if (!ownSettings)
        {
            environment.AddRange(["GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", $"GIT_CEILING_DIRECTORIES={Path.GetDirectoryName(folder)}"]);
        }

        var result = ToolRun.Run(plan, ["git", .. Quiet, .. words], environment, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(input));
        return new GitResult(result.ExitCode, (encoding ?? Encoding.UTF8).GetString(result.Output), Encoding.UTF8.GetString(result.Error));
    }

    private sealed record GitResult(int ExitCode, string Output, string Error);
}
