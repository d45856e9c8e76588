using System.Text.Json.Nodes;
using Assay.Tests.Cage;

namespace Assay.Tests.Tasks;

/// <summary>What <c>adapter check</c> says before anything is tried.</summary>
public sealed class AdapterCheckTests
{
    [Fact]
    public async Task An_agent_is_tried_without_the_key_that_only_its_provider_would_ask_for()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = Folder("exit 3");
        folder.Adapters["claude"]["agent"]!["api_key_file"] = "keys/none";
        var check = await folder.Write().RunAsync("adapter", "check", "claude", "--adapters", "adapters.json");
        Assert.True(check.ExitCode == 1 && check.Error.Contains("exit code 3", StringComparison.Ordinal), check.Error);
        folder.Add("one", "true").Remove("command");
        folder.Tasks["one"]["prompt"] = "do";
        folder.Routes["one"] = ["claude"];
        var run = await folder.Write().ExecuteAsync();
        Assert.True(run.ExitCode == 2 && run.Error.Contains("keys/none does not exist", StringComparison.Ordinal), run.Error);
    }

    [Fact]
    public async Task Each_fault_is_told_once_in_a_line_of_its_own()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = Folder("exit 3");
        folder.Adapters["claude"]["command"] = new JsonArray("no-such-agent", "-p");
        folder.Adapters["claude"]["reads"] = new JsonArray("nowhere");
        var check = await folder.Write().RunAsync("adapter", "check", "claude", "--adapters", "adapters.json");
        Assert.Equal(2, check.ExitCode);
        Assert.Collection(
            check.Error.TrimEnd().Split('\n'),
            l => Assert.Matches(@"^assay: adapters\.json:\d+:\d+: /adapters/0/command: adapter claude: of an agent names .* \[command\]$", l),
            l => Assert.Matches(@"^assay: adapters\.json:\d+:\d+: /adapters/0/command: adapter claude: no-such-agent is not in PATH.* \[program\]$", l),
            l => Assert.Matches(@"^assay: adapters\.json:\d+:\d+: /adapters/0/reads/0: adapter claude: nowhere does not exist .* \[path\]$", l));
        Assert.Equal("assay: nosuch.yaml: does not exist [file]\n", (await folder.RunAsync("adapter", "check", "claude", "--adapters", "nosuch.yaml")).Error);
        Assert.False(Directory.Exists(folder.Under(".assay")));
    }

    [Fact]
    public async Task An_adapter_that_the_file_does_not_declare_is_told_with_those_it_does()
    {
        using var folder = new TaskFolder();
        var check = await folder.Write().RunAsync("adapter", "check", "other", "--adapters", "adapters.json");
        Assert.Equal(2, check.ExitCode);
        Assert.Matches(@"^assay: adapters\.json:\d+:\d+: /adapters: declares no adapter other, but shell \[unknown_adapter\]\n$", check.Error);
    }

    private static TaskFolder Folder(string script)
    {
        var folder = new TaskFolder();
        folder.Adapters.Clear();
        File.WriteAllText(folder.Under("fake-agent"), $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(folder.Under("fake-agent"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        folder.Adapters["claude"] = new JsonObject
        {
            ["adapter_id"] = "claude",
            ["kind"] = "agent",
            ["command"] = new JsonArray("./fake-agent"),
            ["agent"] = new JsonObject { ["template"] = "claude-code", ["model"] = "m", ["endpoint"] = "http://127.0.0.1:9" },
        };
        return folder;
    }
}
