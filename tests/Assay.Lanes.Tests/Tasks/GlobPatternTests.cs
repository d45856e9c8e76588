using Assay.Kernel.Trees;

namespace Assay.Tests.Tasks;

public sealed class GlobPatternTests
{
    [Theory]
    [InlineData("src/**", "src/a.c", true)]
    [InlineData("src/**", "src/deep/er/a.c", true)]
    [InlineData("src/**", "src", true)]
    [InlineData("src/**", "source/a.c", false)]
    [InlineData("*.md", "README.md", true)]
    [InlineData("*.md", "docs/README.md", false)]
    [InlineData("**/*.md", "README.md", true)]
    [InlineData("**/*.md", "a/b/README.md", true)]
    [InlineData("docs/?.txt", "docs/a.txt", true)]
    [InlineData("docs/?.txt", "docs/ab.txt", false)]
    [InlineData("**", "anything/at/all", true)]
    [InlineData("a/**/z", "a/z", true)]
    [InlineData("a/**/z", "a/b/c/z", true)]
    [InlineData("Src/**", "src/a", false)]
    [InlineData("a*b*c", "aXXbYYc", true)]
    [InlineData("a*b*c", "aXXbYY", false)]
    public void A_pattern_names_whole_paths(string pattern, string path, bool matches) => Assert.Equal(matches, GlobPattern.Parse(pattern)!.Matches(path));

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../up")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a**")]
    [InlineData("a\nb")]
    public void What_could_leave_the_tree_or_means_nothing_is_no_pattern(string pattern) => Assert.Null(GlobPattern.Parse(pattern));

    [Theory]
    [InlineData("src/**", "src/a.c", true)]
    [InlineData("src/**", "docs/**", false)]
    [InlineData("**", "x/y", true)]
    [InlineData("*.c", "*.h", true)]
    [InlineData("a/*.c", "a/x.c", true)]
    [InlineData("a/*.c", "b/*.c", false)]
    [InlineData("a/**/z", "a/b/**", true)]
    [InlineData("one.txt", "two.txt", false)]
    public void Patterns_overlap_when_one_path_may_match_both(string a, string b, bool overlaps)
    {
        Assert.Equal(overlaps, GlobPattern.Parse(a)!.Overlaps(GlobPattern.Parse(b)!));
        Assert.Equal(overlaps, GlobPattern.Parse(b)!.Overlaps(GlobPattern.Parse(a)!));
    }
}
