using Assay.Lanes.Queue.Safety;

namespace Assay.Tests.Queue.Safety;

/// <summary>Splitting as POSIX says, and refusing what only a shell could make something of.</summary>
public sealed class ShellWordsTests
{
    [Theory]
    [InlineData("ls  -la\tsrc", "ls", "-la", "src")]
    [InlineData("a 'b c' \"d e\"", "a", "b c", "d e")]
    [InlineData("a'b'\"c\"d", "abcd")]
    [InlineData("a '' \"\"", "a", "", "")]
    [InlineData("a \\; \\$x \\'", "a", ";", "$x", "'")]
    [InlineData("a \"\\$x \\\" \\n\"", "a", "$x \" \\n")]
    [InlineData("a '$x `y` ; | \\'", "a", "$x `y` ; | \\")]
    [InlineData("a b~c x#y z!", "a", "b~c", "x#y", "z!")]
    [InlineData("a b=c", "a", "b=c")]
    [InlineData("./a=b", "./a=b")]
    [InlineData("'A'=b", "A=b")]
    public void Words_are_split(string command, params string[] words)
    {
        var split = ShellWords.Split(command);
        Assert.Null(split.Refused);
        Assert.Equal(words, split.Words);
    }

    [Theory]
    [InlineData("a $x")]
    [InlineData("a \"$x\"")]
    [InlineData("a `x`")]
    [InlineData("a \"`x`\"")]
    [InlineData("a;b")]
    [InlineData("a&")]
    [InlineData("a|b")]
    [InlineData("a>b")]
    [InlineData("a<b")]
    [InlineData("(a)")]
    [InlineData("{a}")]
    [InlineData("a *.c")]
    [InlineData("a b?")]
    [InlineData("a [b]")]
    [InlineData("a ~/b")]
    [InlineData("a #b")]
    [InlineData("! a")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a 'b\nc'")]
    [InlineData("a \"b\nc\"")]
    [InlineData("a 'b")]
    [InlineData("a \"b")]
    [InlineData("a \\")]
    [InlineData("A=b c")]
    [InlineData("_A1=b")]
    public void What_a_shell_would_do_is_refused(string command) => Assert.NotNull(ShellWords.Split(command).Refused);
}
