using System.CommandLine;
using System.Text.Json.Nodes;
using Assay.Cli;
using Assay.Cli.Commands;

namespace Assay.Tests;

/// <summary>An id that names nothing gets the same answer from every command that takes one, whatever commands there are.</summary>
public sealed class UnknownIdTests(UnknownIdTests.Workspace workspace) : IClassFixture<UnknownIdTests.Workspace>
{
    private const string Absent = "0123456789ab";

    /// <summary>Arguments that name nothing of a workspace.</summary>
    private static readonly string[] Others = ["COMMAND", "FILE", "LADDER", "PLAN", "SHELL"];

    /// <summary>What is said of each kind of id.</summary>
    private static readonly Dictionary<string, string> Rules = new(StringComparer.Ordinal)
    {
        ["ADAPTER"] = "unknown_adapter",
        ["EPOCH_ID"] = "unknown_epoch",
        ["JOB_ID"] = "no_job",
        ["PATCH"] = "no_patch",
        ["RUN_ID"] = "no_run",
        ["STREAM"] = "unknown_stream",
        ["TASK"] = "no_task",
        ["TOKEN"] = "unknown_token",
        ["TRIAL"] = "no_trial",
        ["--run-id"] = "no_run",
    };

    /// <summary>What a command cannot do without.</summary>
    private static readonly Dictionary<string, string> Needed = new(StringComparer.Ordinal)
    {
        ["--step"] = "runspec",
        ["--reason"] = "no reason",
    };

    public static TheoryData<string, string> Commands
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var (path, command) in Leaves(CommandTree.Create(new GlobalOptions()), []))
            {
                var ids = command.Arguments.OfType<IdArgument>().ToList();
                var needed = command.Options.Where(o => o.Required).SelectMany(o => (string[])[o.Name, Needed[o.Name]]);
                if (ids.Count > 0) all.Add(string.Join(' ', [.. path, .. ids.Select(_ => Absent), .. needed.Select(Quoted)]), Rules[ids[0].Name]);
                foreach (var option in command.Options.OfType<IdOption>().Where(o => Rules.ContainsKey(o.Name)))
                {
                    all.Add(string.Join(' ', [.. path, .. ids.Select(_ => Absent), option.Name, Absent, .. needed.Select(Quoted)]), Rules[option.Name]);
                }
            }

            return all;
        }
    }

    [Fact]
    public void Every_argument_says_whether_it_is_an_id()
    {
        foreach (var (path, command) in Leaves(CommandTree.Create(new GlobalOptions()), []))
        {
            Assert.All(command.Arguments, a => Assert.True(a is IdArgument || Others.Contains(a.Name), $"{string.Join(' ', path)} {a.Name}"));
        }

        Assert.True(Commands.Count > 20);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task An_unknown_id_is_refused_in_the_same_way(string command, string rule)
    {
        var words = command.Split(' ').Select(w => w.Replace('_', ' ')).Zip(command.Split(' ')).Select(w => w.Second == "no_reason" ? w.First : w.Second);
        var json = await workspace.Folder.RunAsync([.. words, "--json"]);
        Assert.True(json.ExitCode == 2, $"{json.ExitCode}: {json.Output}{json.Error}");
        Assert.Equal("", json.Error);
        var document = JsonNode.Parse(json.Output)!.AsObject();
        Assert.Equal(["problems"], document.Select(p => p.Key));
        var problem = Assert.Single(document["problems"]!.AsArray())!.AsObject();
        Assert.Equal(["source", "pointer", "rule", "message"], problem.Select(p => p.Key));
        Assert.Equal((Absent, rule), ((string)problem["source"]!, (string)problem["rule"]!));

        var text = await workspace.Folder.RunAsync([.. words]);
        Assert.Equal((2, ""), (text.ExitCode, text.Output));
        Assert.Equal($"assay: {Absent}: {(string)problem["message"]!} [{rule}]\n", text.Error);
        Assert.Contains("assay ", (string)problem["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_there_is_no_workspace_that_is_said_in_the_same_way()
    {
        using var folder = new TemporaryFolder();
        var json = await AssayProgram.RunAsync(folder.Path, "job", "show", Absent, "--json");
        Assert.Equal((2, ""), (json.ExitCode, json.Error));
        Assert.Equal("no_workspace", (string)JsonNode.Parse(json.Output)!["problems"]![0]!["rule"]!);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task What_cannot_be_a_command_line_is_said_in_the_same_way()
    {
        var json = await workspace.Folder.RunAsync("job", "show", "--json");
        Assert.Equal((2, ""), (json.ExitCode, json.Error));
        Assert.Equal("usage", (string)JsonNode.Parse(json.Output)!["problems"]![0]!["rule"]!);
    }

    private static string Quoted(string value) => value.Replace(' ', '_');

    private static IEnumerable<(string[] Path, Command Command)> Leaves(Command command, string[] path)
    {
        if (command.Subcommands.Count == 0) yield return (path, command);
        foreach (var inner in command.Subcommands.SelectMany(c => Leaves(c, [.. path, c.Name]))) yield return inner;
    }

    /// <summary>A workspace with a run of one task.</summary>
    public sealed class Workspace : IAsyncLifetime
    {
        internal TaskFolder Folder { get; } = new();

        public async ValueTask InitializeAsync()
        {
            Folder.File("a.txt", "a\n").Add("one", "echo b > a.txt");
            Folder.Repository().Write();
            Assert.Equal(0, (await Folder.ExecuteAsync()).ExitCode);
        }

        public ValueTask DisposeAsync()
        {
            Folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
