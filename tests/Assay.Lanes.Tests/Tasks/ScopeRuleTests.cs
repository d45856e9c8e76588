using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

public sealed class ScopeRuleTests
{
    private static readonly FileScope Everything = new(["**"], ["secret/**"]);

    [Theory]
    [InlineData(".git/hooks/post-commit", "protected")]
    [InlineData("sub/.git/config", "protected")]
    [InlineData(".git", "protected")]
    [InlineData(".state/task_queue.json", "protected")]
    [InlineData(".assay/ledger.db", "protected")]
    [InlineData(".ledger/x", "protected")]
    [InlineData("schema/a.json", "protected")]
    [InlineData("contracts/a.json", "protected")]
    [InlineData("logs/executor.jsonl", "protected")]
    [InlineData("secret/key", "forbidden")]
    [InlineData("src/a.c", null)]
    public void What_is_protected_is_so_whatever_the_scope_says(string path, string? because)
    {
        var violation = ScopeRule.Violation(Everything, Of(Created(path)));
        if (because is null) Assert.Null(violation);
        else Assert.Contains(because, violation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("core/**", "", "core/engine/breaker.py", true)]
    [InlineData("kata/core/**", "kata", "core/a.py", true)]
    [InlineData("core/**", "kata", "core/a.py", false)]
    [InlineData("**/*.lock", "kata/deep", "poetry.lock", true)]
    [InlineData("*.lock", "", "sub/poetry.lock", false)]
    public void What_the_queue_protects_is_so_from_the_projects_top_whatever_the_scope_says(string pattern, string tree, string path, bool isKept)
    {
        var violation = ScopeRule.ProjectViolation([pattern], tree, Of(Created(path)));
        Assert.Equal(isKept ? $"{path} is protected: no task of the run may change {pattern} (protected)" : null, violation);
        var renamed = new FileChange("away.c", ChangeKind.Renamed, path, Version(), Version());
        Assert.Equal(violation, ScopeRule.ProjectViolation([pattern], tree, Of(renamed)));
    }

    [Fact]
    public void A_file_that_no_pattern_names_must_not_be_touched_nor_renamed_away()
    {
        var scope = new FileScope(["src/**"], []);
        Assert.Contains("outside", ScopeRule.Violation(scope, Of(Created("docs/a.md"))), StringComparison.Ordinal);
        Assert.Contains("outside", ScopeRule.Violation(new FileScope([], []), Of(Created("a"))), StringComparison.Ordinal);
        var renamed = new FileChange("src/new.c", ChangeKind.Renamed, "docs/old.c", Version(), Version());
        Assert.StartsWith("docs/old.c is outside", ScopeRule.Violation(scope, Of(renamed)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/link", "../b", true)]
    [InlineData("a/link", "b/c", true)]
    [InlineData("link", "../b", false)]
    [InlineData("a/link", "../../b", false)]
    [InlineData("a/link", "/etc/passwd", false)]
    [InlineData("a/link", "b/../../..", false)]
    [InlineData("link", "dir/..", false)]
    [InlineData("link", "", false)]
    public void A_link_must_not_point_out_of_the_tree(string path, string target, bool permitted)
    {
        var link = new FileChange(path, ChangeKind.Created, null, null, new FileVersion(EntryKind.Link, 0x1FF, target.Length, Digest.Of(target)) { Target = target });
        Assert.Equal(permitted, ScopeRule.Violation(Everything, Of(link)) is null);
    }

    [Fact]
    public void A_pipe_is_no_change_that_is_wanted()
    {
        var pipe = new FileChange("a", ChangeKind.Created, null, null, new FileVersion(EntryKind.Special, 0x1A4, 0, Digest.Of("")));
        Assert.Contains("pipe", ScopeRule.Violation(Everything, Of(pipe)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_control_characters_does_not_steer_a_terminal()
    {
        var violation = ScopeRule.Violation(new FileScope([], []), Of(Created("a\n\u001b[2Jb")));
        Assert.DoesNotContain('\n', violation!);
        Assert.DoesNotContain('\u001b', violation!);
    }

    private static FileVersion Version() => new(EntryKind.File, 0x1A4, 1, Digest.Of("x"));

    private static FileChange Created(string path) => new(path, ChangeKind.Created, null, null, Version());

    private static ChangeSet Of(params FileChange[] files) => new(Digest.Of("tree"), Digest.Of("diff"), [.. files], 1, 0);
}
