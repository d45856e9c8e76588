using System.Text.Json.Nodes;
using Assay.Tests.Cage;

namespace Assay.Tests.Tasks;

/// <summary>What a task says of its agent, and that no work reads the key by which its model is asked.</summary>
public sealed class AgentShownTests
{
    private const string Key = "sk-REAL-KEY-123456";

    /// <summary>Looks for the key in all that it sees, and ends as Claude Code does.</summary>
    private const string Agent = """
        #!/bin/sh
        grep -rl sk-REAL-KEY "$(dirname "$0")" . 2> /dev/null
        cat "$(dirname "$0")/key" ./key ../key 2> /dev/null
        perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => q(1.2.3.4:80), Timeout => 2)'
        echo '{"type":"system","subtype":"init","model":"fake-1","claude_code_version":"2.1.0","session_id":"s"}'
        for turn in 1 2 3; do echo '{"type":"assistant","message":{"content":[]}}'; done
        echo '{"type":"result","subtype":"success","is_error":false,"num_turns":3,"total_cost_usd":0.25,"usage":{"input_tokens":1200,"output_tokens":34}}'
        """;

    [Theory]
    [InlineData("key", "agent")]
    [InlineData("tree/key", "agent")]
    [InlineData("key", "process")]
    [InlineData("key", "test")]
    public async Task A_key_that_a_document_names_is_read_by_no_work(string key, string work)
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = Folder(key);
        if (work == "process")
        {
            folder.Adapters["shell"]["command"] = new JsonArray("./fake-agent");
            folder.Adapters["shell"]["sandbox"] = "strict";
            folder.Adapters["shell"]["reads"] = new JsonArray(".");
            folder.Routes["words"] = ["shell", "fake"];
        }

        var test = folder.Tasks["words"]["acceptance_tests"]![0]!;
        if (work == "test")
        {
            test["sandbox"] = "strict";
            test["reads"] = new JsonArray(".");
            test["command"] = new JsonArray("sh", "-c", $"! grep -q sk-REAL '{folder.Under("key")}'");
        }

        var run = await folder.Write().ExecuteAsync();
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var logs = Directory.EnumerateFiles(folder.Under(".assay", "tasks"), "*.log", SearchOption.AllDirectories);
        var printed = string.Concat(logs.Select(File.ReadAllText));
        Assert.Contains("num_turns", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-REAL", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("/key\n", printed, StringComparison.Ordinal);
        Assert.Equal(Key, await File.ReadAllTextAsync(folder.Under(key)));
    }

    [Fact]
    public async Task A_check_of_an_agent_hides_its_key_too()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = Folder("key");
        await File.WriteAllTextAsync(folder.Under("fake-agent"), "#!/bin/sh\nif grep -q sk-REAL \"$(dirname \"$0\")/key\"; then exit 7; fi\nexit 8\n");
        var check = await folder.Write().RunAsync("adapter", "check", "fake", "--adapters", "adapters.json");
        Assert.Contains("exit code 8", check.Output + check.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_shows_its_agent_what_it_took_and_what_it_tried_to_reach()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = Folder("key");
        var run = await folder.Write().ExecuteAsync();
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var shown = (await folder.RunAsync("task", "show", "words")).Output.Split('\n');
        var agent = Assert.Single(shown, l => l.StartsWith("agent ", StringComparison.Ordinal));
        Assert.Contains("claude-code", agent, StringComparison.Ordinal);
        Assert.Contains("model fake-1", agent, StringComparison.Ordinal);
        Assert.Contains("3 turns, 0 tool calls", agent, StringComparison.Ordinal);
        var took = Assert.Single(shown, l => l.StartsWith("took ", StringComparison.Ordinal));
        Assert.Contains("tokens in", took, StringComparison.Ordinal);
        Assert.Contains("cost ", took, StringComparison.Ordinal);
        Assert.Contains(shown, l => l.StartsWith("network: ", StringComparison.Ordinal) && l.Contains("refused 1.2.3.4:80", StringComparison.Ordinal));
    }

    private static TaskFolder Folder(string key)
    {
        var folder = new TaskFolder();
        File.WriteAllText(folder.Under(key), Key);
        File.WriteAllText(folder.Under("fake-agent"), Agent);
        File.SetUnixFileMode(folder.Under("fake-agent"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        folder.Adapters["fake"] = new JsonObject
        {
            ["adapter_id"] = "fake",
            ["kind"] = "agent",
            ["command"] = new JsonArray("./fake-agent"),
            ["reads"] = new JsonArray("."),
            ["retry"] = new JsonObject { ["max_attempts"] = 1 },
            ["agent"] = new JsonObject
            {
                ["template"] = "claude-code",
                ["model"] = "fake-1",
                ["endpoint"] = "http://127.0.0.1:9",
                ["api_key_file"] = key,
                ["input_usd_per_million_tokens"] = 5,
                ["output_usd_per_million_tokens"] = 25,
            },
        };
        var task = folder.Add("words", "true");
        task.Remove("command");
        task["prompt"] = "Look around.";
        folder.Routes["words"] = ["fake"];
        return folder;
    }
}
