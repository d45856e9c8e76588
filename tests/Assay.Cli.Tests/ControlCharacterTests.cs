using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>
/// No document and no argument holds a character that ends a C string, steers a terminal, or shows a name as another than it is: one error
/// that names file, place and rule, exit code 2, and nothing is left behind.
/// </summary>
public sealed class ControlCharacterTests : IDisposable
{
    private const string Nul = "\0";
    private const string Escape = "\u001b";
    private const string Break = "\n";
    private const string Turn = "\u202e";

    private readonly PlanBuilder _plan;
    private readonly TemporaryFolder _epochs = new();
    private readonly JobFolder _jobs = new();
    private readonly TaskFolder _tasks = new();

    public ControlCharacterTests() => _plan = new PlanBuilder(_epochs.Under("plan")).Add("ONE", "exit 0");

    public static TheoryData<string, string, string> Places => new()
    {
        { "plan.json", "/runner_config/args/0", Nul },
        { "plan.json", "/runner_config/args/0", Escape },
        { "plan.json", "/epoch_id", Break },
        { "plan.json", "/crucible_specs/ONE", Turn },
        { "ONE.json", "/command/2", Nul },
        { "ONE.json", "/title", Escape },
        { "ONE.json", "/crucible_id", Break },
        { "ONE.json", "/input/files/0", Turn },
        { "ladder.json", "/ladder_id", Nul },
        { "ladder.json", "/rungs/0/plan", Escape },
        { "ladder.json", "/ladder_id", Break },
        { "ladder.json", "/rungs/0/plan", Turn },
        { "components.json", "/components/run/command/0", Nul },
        { "components.json", "/components/run/command/0", Escape },
        { "components.json", "/components/run/env/0", Break },
        { "components.json", "/components/run/files/0", Turn },
        { "blueprint.json", "/description", Nul },
        { "blueprint.json", "/strategy/top", Escape },
        { "blueprint.json", "/extensions/lineage/root_job_id", Break },
        { "blueprint.json", "/strategy/to\u202ep", Turn },
        { "idea.json", "/description", Nul },
        { "idea.json", "/title", Escape },
        { "idea.json", "/policy_bundle_id", Break },
        { "idea.json", "/policy_bundle_path", Turn },
        { "policies.json", "/description", Nul },
        { "policies.json", "/policies/budget/description", Escape },
        { "policies.json", "/policy_bundle_id", Break },
        { "policies.json", "/policies/bud\u202eget", Turn },
        { "adapters.json", "/adapters/0/command/0", Nul },
        { "adapters.json", "/adapters/0/command/0", Escape },
        { "adapters.json", "/adapters/0/adapter_id", Break },
        { "adapters.json", "/adapters/0/url", Turn },
        { "task_queue.json", "/tasks/0/prompt", Nul },
        { "task_queue.json", "/tasks/0/title", Escape },
        { "task_queue.json", "/tasks/0/task_id", Break },
        { "task_queue.json", "/tasks/0/working_tree", Turn },
        { "routing_decisions.json", "/decisions/0/reason", Nul },
        { "routing_decisions.json", "/decisions/0/reason", Escape },
        { "routing_decisions.json", "/run_id", Break },
        { "routing_decisions.json", "/decisions/0/adapter_id", Turn },
    };

    public void Dispose()
    {
        _epochs.Dispose();
        _jobs.Dispose();
        _tasks.Dispose();
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_document_that_holds_one_is_refused_with_its_place(string file, string pointer, string character)
    {
        var (folder, path, command) = Given(file);
        var document = JsonNode.Parse(await File.ReadAllTextAsync(path))!;
        Put(document, pointer, $"a{character}b");
        await File.WriteAllTextAsync(path, document.ToJsonString());
        var result = await AssayProgram.RunAsync(folder, command);
        Assert.True(result.ExitCode == 2, $"{result.ExitCode}: {result.Output}{result.Error}");

        // A key is shown by the object that holds it.
        var shown = pointer.Contains(character, StringComparison.Ordinal) ? pointer[..pointer.LastIndexOf('/')] : pointer;
        Assert.Matches($@"{file}:\d+:\d+: {shown}: .*holds U\+{(int)character[0]:X4} .*: take it out \[control_character\]", result.Error);
        Assert.Single(result.Error.Split("control_character").Skip(1));
        Assert.DoesNotContain(result.Error, c => char.IsControl(c) && c != '\n');
        Assert.False(Directory.Exists(Path.Combine(folder, ".assay")), "refused input left a workspace behind");
    }

    [Theory]
    [InlineData("\n", "epoch", "run", "pl{0}an.json")]
    [InlineData("\u001b", "epoch", "run", "plan.json", "--artifacts-root", "a{0}b")]
    [InlineData("\u202e", "epoch", "run", "plan.json", "--workspace", "a{0}b")]
    [InlineData("\u0085", "execute", "--run-id", "night{0}1")]
    [InlineData("\u2066", "job", "show", "0123{0}")]
    [InlineData("\u001b", "job", "cancel", "0123456789ab", "--reason", "first\nsecond {0}")]
    public async Task An_argument_that_holds_one_is_refused(string character, params string[] arguments)
    {
        var folder = Directory.CreateDirectory(_epochs.Under("empty")).FullName;
        var result = await AssayProgram.RunAsync(folder, [.. arguments.Select(a => a.Replace("{0}", character, StringComparison.Ordinal))]);
        Assert.Equal(2, result.ExitCode);
        Assert.Matches($@"^assay: \S+ holds U\+{(int)character[0]:X4} .*: take it out \[control_character\]\n$", result.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public async Task Texts_and_words_of_commands_may_have_several_lines()
    {
        _plan.Plan["runner_config"]!["args"] = new JsonArray("a\tb\nc");
        _plan.Add("TWO", "set -e\n\ttest \"$1\" = \"$(printf 'a\\tb\\nc')\"", crucible =>
        {
            crucible["command"]!.AsArray().Add("sh");
            crucible["title"] = "two\nlines";
            crucible["input"] = new JsonObject { ["prompt"] = "first\r\nsecond \u202eturned\u202c" };
        });
        var result = await AssayProgram.RunAsync(_epochs.Path, "epoch", "run", _plan.Write());
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }

    /// <summary>A folder in which everything is well, the document in it, and the command that reads it.</summary>
    private (string Folder, string Path, string[] Command) Given(string file)
    {
        _plan.Write();
        _plan.Write("ladder.json", JsonNode.Parse("""{"schema_version":"epoch_ladder_v1","ladder_id":"L","rungs":[{"plan":"plan.json","required_verdict":"PASS"}]}""")!);
        _jobs.Write();
        _tasks.Add("one", "true");
        _tasks.Write();
        return file switch
        {
            "plan.json" or "ONE.json" => (_epochs.Path, _epochs.Under("plan", file), ["epoch", "run", "plan/plan.json"]),
            "ladder.json" => (_epochs.Path, _epochs.Under("plan", file), ["epoch", "escalate", "plan/ladder.json"]),
            "idea.json" => (_jobs.Path, _jobs.Under(file), ["job", "submit-idea", file, "--snapshot", JobFolder.Snapshot, "--policy-bundle", "policies.json"]),
            "blueprint.json" or "policies.json" or "components.json" =>
                (_jobs.Path, _jobs.Under(file), ["job", "submit-blueprint", "blueprint.json", "--snapshot", JobFolder.Snapshot, "--policy-bundle", "policies.json"]),
            "adapters.json" => (_tasks.Path, _tasks.Under(file), ["execute", "--run-id", TaskFolder.RunId]),
            _ => (_tasks.Path, _tasks.Under(".state", file), ["execute", "--run-id", TaskFolder.RunId]),
        };
    }

    private static void Put(JsonNode document, string pointer, string text)
    {
        var names = pointer[1..].Split('/');
        var at = document;
        for (var i = 0; i < names.Length; i++)
        {
            var isLast = i == names.Length - 1;
            if (at is JsonArray array)
            {
                var index = int.Parse(names[i]);
                if (index == array.Count) array.Add(JsonValue.Create(text));
                if (isLast) array[index] = text;
                at = array[index]!;
            }
            else
            {
                if (isLast) at[names[i]] = text;
                else at[names[i]] ??= names[i + 1] == "0" ? new JsonArray() : new JsonObject();
                at = at[names[i]]!;
            }
        }
    }
}
