using System.CommandLine;
using Assay.Cli;
using Assay.Cli.Commands;

namespace Assay.Tests;

/// <summary>What is wrong with a command line is one line that names it.</summary>
public sealed class UsageTests
{
    private static readonly RootCommand Root = CommandTree.Create(new GlobalOptions());

    [Fact]
    public void Every_argument_that_is_missing_is_named()
    {
        foreach (var (path, command) in Leaves(Root, ""))
        {
            var needed = command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(a => a.Name).ToList();
            if (needed.Count == 0) continue;
            var said = UsageRule.Problems(Root.Parse(path)).Select(p => p.Message).ToList();
            Assert.Contains($"{path} needs {string.Join(" and ", needed)}: --help shows what is possible", said);
            Assert.DoesNotContain(said, m => m.StartsWith("Required argument", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("", "assay needs a command: --help shows what is possible")]
    [InlineData("epoch", "epoch needs a command: --help shows what is possible")]
    [InlineData("epoch rnu plan.yaml", "epoch has no command rnu: did you mean run?")]
    [InlineData("epcoh run plan.yaml", "assay has no command epcoh: did you mean epoch?")]
    [InlineData("weather", "assay has no command weather: --help shows what is possible")]
    [InlineData("epoch run plan.yaml --reusme", "epoch run has no option --reusme: did you mean --resume?")]
    [InlineData("epoch show --josn", "epoch show has no option --josn: did you mean --json?")]
    [InlineData("epoch list --wrokspace .", "epoch list has no option --wrokspace: did you mean --workspace?")]
    [InlineData("epoch show A B C", "epoch show has no place for B: --help shows what is possible")]
    [InlineData("completion bas", "there is no completion for bas: it is one of bash, zsh, fish: --help shows what is possible")]
    [InlineData("job document", "job document needs JOB_ID and NAME: --help shows what is possible")]
    public void What_is_mistyped_is_said_in_one_sentence(string line, string said) =>
        Assert.Equal(said, Assert.Single(UsageRule.Problems(Root.Parse(line))).Message);

    [Theory]
    [InlineData("epoch show -- --strange-id")]
    [InlineData("try --writes . -- ls -l --all")]
    [InlineData("try ls -l")]
    [InlineData("events --after 0 -f")]
    public void What_is_well_formed_is_taken(string line) => Assert.Empty(UsageRule.Problems(Root.Parse(line)));

    [Theory]
    [InlineData("epoch", "show")]
    [InlineData("completion", "bas")]
    [InlineData("try")]
    public async Task It_is_refused_with_its_rule_in_one_line_and_exit_code_2(params string[] command)
    {
        using var folder = new TemporaryFolder();
        var run = await AssayProgram.RunAsync(folder.Path, command);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Matches("^assay: [^\n]+ \\[usage\\]\n$", run.Error);
    }

    private static IEnumerable<(string Path, Command Command)> Leaves(Command command, string path)
    {
        if (command.Subcommands.Count == 0) yield return (path, command);
        foreach (var inner in command.Subcommands.SelectMany(c => Leaves(c, $"{path} {c.Name}".Trim()))) yield return inner;
    }
}
