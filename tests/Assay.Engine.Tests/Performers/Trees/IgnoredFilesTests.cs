using System.Diagnostics;
using Assay.Engine.Performers.Trees;

namespace Assay.Tests.Performers.Trees;

/// <summary>What git ignores in a tree, wherever the tree lies in its repository.</summary>
public sealed class IgnoredFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public IgnoredFilesTests() => Git("init", "-q", ".");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_repository_without_a_commit_has_rules()
    {
        Write(".gitignore", "*.log\n");
        Assert.Equal(["a.log", "deep/b.log"], Ignored(".", "a.log", "a.txt", "deep/b.log"));
    }

    [Fact]
    public void A_folder_of_a_repository_keeps_the_rules_of_all_that_lies_above_it()
    {
        Write(".gitignore", "*.log\n/trees/one/secret\n");
        Write("trees/one/.gitignore", "own\n");
        Assert.Equal(["a.log", "own", "secret"], Ignored("trees/one", "a.log", "a.txt", "own", "secret", "deep/secret"));
    }

    [Fact]
    public void A_repository_that_ignores_all_of_a_tree_has_nothing_to_say_of_it()
    {
        Write(".gitignore", "*\n");
        Write("tree/a.txt", "");
        Assert.Empty(Ignored("tree", "a.txt"));
        Assert.Equal(["a.txt"], Ignored(".", "a.txt"));
    }

    [Theory]
    [InlineData("gitdir: /nowhere")]
    [InlineData("no pointer")]
    public void What_is_no_repository_above_a_tree_has_no_rules(string pointer)
    {
        using var bare = new TemporaryFolder();
        File.WriteAllText(bare.Under(".git"), pointer);
        Directory.CreateDirectory(bare.Under("tree"));
        Assert.Empty(GitRepository.Ignored(bare.Under("tree"), ["a.log"]));
    }

    [Fact]
    public void A_repository_of_somebody_else_is_not_asked_and_that_is_said()
    {
        if (Environment.UserName != "root") Assert.Skip("only root gives folders away");
        Write("tree/a.txt", "");
        using var chown = Process.Start("sh", ["-c", "chmod -R a+rX \"$0\" && chown -R 1234 \"$0\"", _folder.Path]);
        chown.WaitForExit();
        var refused = Assert.Throws<IOException>(() => GitRepository.ExpectRules(_folder.Under("tree")));
        Assert.Contains("safe.directory", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_is_no_pattern()
    {
        Write(".gitignore", "*.log\n");
        Assert.Equal([":(top)x.log", "line\nend.log"], Ignored(".", ":(top)x.log", ":(nonsense)y", "line\nend.log", "*"));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("trees")]
    public void What_lies_in_a_submodule_or_behind_a_link_has_no_rules(string tree)
    {
        Write(".gitignore", "*.log\n");
        Write("module/a.txt", "");
        Git("-C", "module", "init", "-q");
        Git("-C", "module", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x");
        Write("trees/a.txt", "");
        Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", _folder.Under("module"), tree == "." ? "sub" : $"{tree}/sub");
        File.CreateSymbolicLink(_folder.Under(tree, "link"), "elsewhere");
        Assert.Equal(["a.log"], Ignored(tree, "a.log", "sub/a.log", "sub/b.log", "link/a.log"));
    }

    [Fact]
    public void Where_there_is_no_repository_nothing_is_ignored()
    {
        using var bare = new TemporaryFolder();
        Assert.Empty(GitRepository.Ignored(bare.Path, ["a.log"]));
    }

    private string[] Ignored(string tree, params string[] paths) =>
        [.. GitRepository.Ignored(Path.GetFullPath(_folder.Under(tree)), paths).Order(StringComparer.Ordinal)];

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.Under(path))!);
        File.WriteAllText(_folder.Under(path), text);
    }

    private void Git(params string[] words)
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", _folder.Path, .. words]))!;
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
    }
}
