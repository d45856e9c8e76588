using System.CommandLine;
using Assay.Cli;
using Assay.Cli.Commands;

namespace Assay.Tests;

/// <summary>What holds for every command, whatever commands there are.</summary>
public sealed class CommandTreeTests
{
    private static readonly RootCommand Root = CommandTree.Create(new GlobalOptions());

    [Fact]
    public void Every_command_says_what_it_does_and_shows_an_example()
    {
        Assert.All(All(Root, "assay").Where(c => !c.Command.Hidden && c.Command.Name != "completion"), c =>
        {
            Assert.False(string.IsNullOrWhiteSpace(c.Command.Description), c.Path);
            Assert.True(HelpExamples.Has(c.Path), c.Path);
        });
    }

    [Fact]
    public void How_many_at_once_has_one_word()
    {
        string[] others = ["--concurrency", "--parallel", "--parallelism", "--workers", "--threads", "-P"];
        foreach (var (path, command) in All(Root, "assay"))
        {
            Assert.DoesNotContain(command.Options.SelectMany(o => (string[])[o.Name, .. o.Aliases]), others.Contains);
            var option = command.Options.SingleOrDefault(o => o.Name == Concurrency.Name);
            Assert.True(option is null || option.Aliases.SequenceEqual([Concurrency.Alias]), path);
            Assert.True(option is not null || command.Options.All(o => !o.Aliases.Contains(Concurrency.Alias)), path);
        }

        string[] many = ["assay epoch run", "assay epoch escalate", "assay execute", "assay worker"];
        Assert.Equal(many, All(Root, "assay").Where(c => c.Command.Options.Any(o => o.Name == Concurrency.Name)).Select(c => c.Path));
    }

    [Fact]
    public void Looking_at_an_input_without_running_it_has_one_word()
    {
        var shown = All(Root, "assay").Where(c => !c.Command.Hidden).Select(c => c.Path).ToList();
        Assert.Equal(["assay epoch check", "assay job check", "assay task check", "assay adapter check", "assay queue check"], shown.Where(p => p.EndsWith(" check", StringComparison.Ordinal)));
        string[] others = ["preflight", "validate", "lint", "dry-run"];
        Assert.DoesNotContain(shown, p => others.Any(o => p.EndsWith(o, StringComparison.Ordinal)));
        Assert.Empty(Root.Parse("epoch preflight plan.yaml").Errors);
    }

    [Theory]
    [InlineData("worker --run-jobs --once")]
    [InlineData("execute --run night-1")]
    [InlineData("epoch preflight plan.yaml")]
    [InlineData("epoch escalate ladder.yaml --autonomous --max-epochs 5 --resume --no-auto-bump")]
    [InlineData("epoch run plan.yaml --resume --mode shadow --artifacts-root a --no-auto-bump --jobs 4")]
    [InlineData("epoch run plan.yaml --artifacts-base a --runner-cmd-override ./r.sh --runner-cmd-override=--fast")]
    [InlineData("log epoch/E --follow")]
    public void Command_lines_of_the_seeds_and_of_earlier_scripts_are_taken_as_they_are_written(string line) => Assert.Empty(Root.Parse(line).Errors);

    [Fact]
    public void Every_list_has_the_same_options()
    {
        var lists = All(Root, "assay").Where(c => c.Command.Name == "list").ToList();
        Assert.Equal(
            [
                "assay epoch list", "assay job list", "assay registry list", "assay task list", "assay run list", "assay adapter list",
                "assay patch list", "assay token list",
            ],
            lists.Select(l => l.Path));
        Assert.All(lists, l => Assert.Equal(["--cursor", "--limit"], l.Command.Options.Select(o => o.Name).Intersect(["--cursor", "--limit"]).Order()));
    }

    [Fact]
    public void What_is_missing_is_refused_before_anything_is_done()
    {
        foreach (var (path, command) in All(Root, "assay").Where(c => c.Command.Subcommands.Count == 0))
        {
            var words = path["assay ".Length..];
            if (command.Arguments.Any(a => a.Arity.MinimumNumberOfValues > 0) || command.Options.Any(o => o.Required))
            {
                Assert.True(Root.Parse(words).Errors.Count > 0, words);
            }

            var given = string.Join(' ', command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0 && a.Name != "COMMAND").Select(a => a.Name == "SHELL" ? "bash" : "x"));
            foreach (var option in command.Options.Where(o => o.Arity.MinimumNumberOfValues > 0 && o.ValueType != typeof(bool)))
            {
                Assert.True(Root.Parse($"{words} {given} {option.Name}").Errors.Count > 0, $"{words} {option.Name}");
            }
        }
    }

    private static IEnumerable<(string Path, Command Command)> All(Command command, string path)
    {
        yield return (path, command);
        foreach (var inner in command.Subcommands.SelectMany(c => All(c, $"{path} {c.Name}"))) yield return inner;
    }
}
