using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Assay.Tests;

/// <summary>What a person reads on the console, approved as it stands.</summary>
public sealed partial class ConsoleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Example(string name) => Path.Combine(SharedData.RepositoryRoot, "examples", "epochs", "gnu-sort", name);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("help", "--help")]
    [InlineData("help-epoch", "epoch", "--help")]
    [InlineData("help-epoch-run", "epoch", "run", "--help")]
    [InlineData("help-job", "job", "--help")]
    [InlineData("help-job-approve", "job", "approve", "--help")]
    [InlineData("help-execute", "execute", "--help")]
    [InlineData("help-task", "task", "--help")]
    [InlineData("help-patch", "patch", "--help")]
    [InlineData("help-worker", "worker", "--help")]
    [InlineData("help-serve", "serve", "--help")]
    [InlineData("help-events", "events", "--help")]
    [InlineData("help-run", "run", "--help")]
    [InlineData("help-verify", "verify", "--help")]
    public async Task Help_reads_well(string name, params string[] arguments) => Approved.Matches((await Assay(arguments)).Output, name);

    [Fact]
    public async Task The_baseline_example_passes()
    {
        var run = await Assay("epoch", "run", Example("plan.yaml"), "--jobs", "2");
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Approved.Matches(Steady(run.Output), "baseline");
        Approved.Matches(Steady((await Assay("epoch", "show", "GNU_SORT_BASELINE")).Output), "baseline");
        Assert.Equal(0, (await Assay("verify")).ExitCode);
    }

    [Fact]
    public async Task The_hostile_example_fails_with_the_right_reasons()
    {
        var run = await Assay("epoch", "run", Example("hostile.yaml"));
        Assert.Equal(1, run.ExitCode);
        Approved.Matches(Steady(run.Output), "hostile");
        Assert.Equal(0, (await Assay("verify")).ExitCode);
    }

    [Theory]
    [InlineData("seed.yaml", "OPERATIONAL")]
    [InlineData("milestone.yaml", "PASS")]
    [InlineData("governance.yaml", "COMPLETE")]
    [InlineData("paradox.yaml", "COMPLETE")]
    public async Task The_other_examples_reach_their_verdicts(string plan, string verdict)
    {
        var run = await Assay("epoch", "run", Example(plan), "--json");
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Equal(verdict, JsonNode.Parse(run.Output)!["epoch_verdict"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_example_ladder_reaches_its_top()
    {
        var run = await Assay("epoch", "escalate", Example("ladder.yaml"), "--autonomous");
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Approved.Matches(run.Output, "ladder");
    }

    [Fact]
    public async Task Json_is_one_document_and_nothing_else_on_standard_output()
    {
        await Assay("epoch", "run", Example("seed.yaml"), "--json");
        string[][] commands = [["epoch", "list"], ["epoch", "show", "GNU_SORT_SEED"], ["log"], ["log", "epoch/GNU_SORT_SEED"], ["verify"], ["doctor"], ["epoch", "preflight", Example("seed.yaml")], ["epoch", "run", "absent.yaml"]];
        foreach (var command in commands) Assert.NotNull(JsonNode.Parse((await Assay([.. command, "--json"])).Output));
    }

    [Fact]
    public async Task Follow_prints_a_document_a_line_as_it_comes()
    {
        await Assay("epoch", "run", Example("seed.yaml"));
        using var follow = AssayProgram.Start(AssayProgram.Program, ["events", "--follow", "--json"], _folder.Path);
        var first = await follow.StandardOutput.ReadLineAsync();
        Assert.Equal("EPOCH_DECLARED", JsonNode.Parse(first!)!["type"]!.GetValue<string>());
        var later = Assay("epoch", "run", Example("seed.yaml"));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await follow.StandardOutput.ReadLineAsync(deadline.Token) is { } line && !line.Contains("GNU_SORT_SEED_RUN2", StringComparison.Ordinal))
        {
        }

        await later;
        follow.Kill();
    }

    [Fact]
    public async Task A_shell_can_complete_commands()
    {
        Assert.Equal(0, (await Assay("completion", "bash")).ExitCode);
        Assert.Contains("escalate", (await Assay("[suggest:6]", "epoch ")).Output, StringComparison.Ordinal);
    }

    private Task<ProgramResult> Assay(params string[] arguments) => AssayProgram.RunAsync(_folder.Path, arguments);

    /// <summary>Durations and counts of refused forks differ from run to run.</summary>
    private static string Steady(string text) => Refused().Replace(Padding().Replace(Duration().Replace(text, "TIME"), "  "), "process_limit_hits:N");

    [GeneratedRegex(@"\b\d+(\.\d)? m?s\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Duration();

    [GeneratedRegex(" {2,}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Padding();

    [GeneratedRegex(@"process_limit_hits:\d+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Refused();
}
