using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Gateway;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Tests.Cage;

namespace Assay.Tests.Tasks;

/// <summary>Claude Code, Codex and Gemini CLI as they come from npm, in the cage, with a scripted model behind the gateway.</summary>
public sealed class RealAgentTests
{
    private const string Fix = "printf 'echo FizzBuzz\\n' > src/fizz.sh; sh tests/fizz.t";

    public static TheoryData<string, string, ModelDialect> Agents => new()
    {
        { "claude-code", "claude", ModelDialect.Anthropic },
        { "codex", "codex", ModelDialect.OpenAi },
        { "gemini-cli", "gemini", ModelDialect.Gemini },
    };

    public static TheoryData<string, string> Programs => new() { { "claude-code", "claude" }, { "codex", "codex" }, { "gemini-cli", "gemini" } };

    [Theory]
    [MemberData(nameof(Agents))]
    public async Task An_agent_fixes_the_kata_and_its_record_says_what_it_did_and_cost(string template, string program, ModelDialect dialect)
    {
        SkipUnlessThere();
        using var secret = new TemporaryFolder("/root");
        await File.WriteAllTextAsync(secret.Under("secret"), "the secret of the home");
        FakeScript script = new(
            [
                new FakeStep(Run: $"cat {secret.Under("secret")}; env; cat ~/.claude.json ~/.codex/auth.json 2>&1 | head -50; true"),
                new FakeStep(Run: "(exec 3<>/dev/tcp/1.2.3.4/443) 2>&1; setsid -f sleep 7317 > /dev/null 2>&1 < /dev/null; true"),
                new FakeStep(Run: Fix),
                new FakeStep(Say: "Fixed."),
            ],
            InputTokens: 12_000, OutputTokens: 300);
        await using var provider = new ScriptedProvider(dialect, script);
        using var folder = Folder(template, program, provider.Url);
        var run = await folder.ExecuteAsync();
        Assert.True(run.ExitCode == 0, run.Output + run.Error + Evidence(folder, "stderr.log"));

        var result = (await folder.ResultsAsync())["kata"];
        var agent = result["agent"]!;
        Assert.Equal(["src/fizz.sh"], result["files_changed"]!.AsArray().Select(f => (string)f!));
        Assert.Equal("success", (string)agent["end"]!);
        Assert.Equal((3, 4L, 0L), ((int)agent["tool_calls"]!, (long)agent["requests"]!, (long)agent["failed_requests"]!));
        Assert.Equal((48_000L, 1_200L, 0.27m), ((long)agent["input_tokens"]!, (long)agent["output_tokens"]!, (decimal)agent["cost_usd"]!));
        Assert.Equal(0.27m, (decimal)result["cost_usd"]!);
        var document = await File.ReadAllTextAsync(folder.Under(".state", "execution_results.json"));
        Assert.Empty(ContractCatalog.Validate("execution_results_v1", JsonDocument.Parse(document).RootElement));

        // The model and nobody else was reached, and what else was tried is on record.
        var egress = result["egress"]!.AsArray().ToDictionary(e => $"{e!["host"]}:{e["port"]}", e => (string)e!["verdict"]!);
        Assert.Equal("allowed", egress["model-gateway:8461"]);
        Assert.Equal("refused", egress["1.2.3.4:443"]);
        Assert.Single(egress.Values, v => v == "allowed");

        // Nothing of the home, and no key but the attempt's own, was seen, and nothing is left running.
        var printed = Evidence(folder, "stdout.log") + string.Concat(provider.Bodies);
        Assert.DoesNotContain("the secret of the home", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(ScriptedProvider.Key, printed + Evidence(folder, "gateway.jsonl"), StringComparison.Ordinal);
        Assert.Contains("assay-", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories("/proc").Select(CommandLine), c => c.Contains("7317", StringComparison.Ordinal));
        var lines = File.ReadAllLines(Attempt(folder, "gateway.jsonl")).Select(l => JsonNode.Parse(l)!).Where(l => l["under_way"] is null);
        Assert.All(lines, line => Assert.Equal(200, (int)line["status"]!));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Theory]
    [MemberData(nameof(Agents))]
    public async Task A_budget_of_money_stops_an_agent_in_the_middle(string template, string program, ModelDialect dialect)
    {
        SkipUnlessThere();
        var steps = Enumerable.Range(0, 40).Select(i => new FakeStep(Run: $"echo step {i}"));
        await using var provider = new ScriptedProvider(dialect, new FakeScript([.. steps], InputTokens: 12_000, OutputTokens: 300));
        using var folder = Folder(template, program, provider.Url, cost: 0.3m);
        var run = await folder.ExecuteAsync();
        Assert.Equal(4, run.ExitCode);
        var result = (await folder.ResultsAsync())["kata"];
        Assert.Contains("the budget of $0.30", (string)result["reason"]!, StringComparison.Ordinal);

        // 67,500 millionths a request: four fit. What was put aside for one request more is the most that it may go over.
        Assert.InRange((decimal)result["cost_usd"]!, 0.135m, 0.3m + 0.0675m);
        Assert.InRange(provider.Bodies.Count, 2, 6);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_model_that_cannot_be_reached_ends_the_attempt_soon_and_as_that(string template, string program)
    {
        SkipUnlessThere();
        using var folder = Folder(template, program, "http://127.0.0.1:9");
        var run = await folder.ExecuteAsync();
        Assert.Equal(1, run.ExitCode);
        var result = (await folder.ResultsAsync())["kata"];
        Assert.Contains("model not reachable", (string)result["reason"]!, StringComparison.Ordinal);
        Assert.InRange((long)result["duration_ms"]!, 0, 90_000);
        Assert.Equal(0m, (decimal)result["cost_usd"]!);
    }

    [Fact]
    public async Task A_key_that_is_refused_ends_the_attempt_as_that()
    {
        SkipUnlessThere();
        await using var provider = new ScriptedProvider(ModelDialect.Anthropic, new FakeScript([new FakeStep(Say: "ok")]));
        using var folder = Folder("claude-code", "claude", provider.Url);
        await File.WriteAllTextAsync(folder.Under("key"), "another-key");
        await folder.ExecuteAsync();
        Assert.Contains("refuses the key: it answered 401", (string)(await folder.ResultsAsync())["kata"]["reason"]!, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task An_agent_is_tried_with_a_model_of_our_own_before_any_night(string template, string program)
    {
        SkipUnlessThere();
        using var folder = Folder(template, program, "http://127.0.0.1:9");
        var check = await folder.RunAsync("adapter", "check", program, "--adapters", "adapters.json");
        Assert.True(check.ExitCode == 0, check.Output + check.Error);
        Assert.Contains("healthy", check.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Theory]
    [InlineData("echo '{}'; exit 0", "asked no model")]
    [InlineData("exit 3", "exit code 3")]
    [InlineData("perl -MIO::Socket::INET -e 'my ($u) = $ENV{ANTHROPIC_BASE_URL} =~ m{//(.*)}; my $s = IO::Socket::INET->new(PeerAddr => $u) or die; "
        + "print $s qq(GET /v1/models HTTP/1.0\r\nx-api-key: $ENV{ANTHROPIC_API_KEY}\r\n\r\n); 1 while <$s>'", "ended with no word")]
    public async Task A_program_that_is_no_such_agent_is_not_well(string script, string why)
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = Folder("claude-code", "claude", "http://127.0.0.1:9");
        await File.WriteAllTextAsync(folder.Under("fake-agent"), $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(folder.Under("fake-agent"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        folder.Adapters["claude"]["command"] = new JsonArray("./fake-agent");
        folder.Write();
        var check = await folder.RunAsync("adapter", "check", "claude", "--adapters", "adapters.json");
        Assert.Equal(1, check.ExitCode);
        Assert.Contains(why, check.Error + check.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"processes\": 16}", "hang below 64 processes")]
    [InlineData("{\"memory_mb\": 256}", "need 512 MiB")]
    [InlineData("{\"stdout_max_bytes\": 65536}", "print all that they do")]
    public async Task Budgets_in_which_agents_hang_are_refused(string budgets, string why)
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = Folder("claude-code", "sh", "http://127.0.0.1:9");
        folder.Adapters["sh"]["command"] = new JsonArray("/bin/sh");
        folder.Tasks["kata"]["budgets"] = JsonNode.Parse(budgets);
        folder.Write();
        var run = await folder.ExecuteAsync();
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
    }

    private static void SkipUnlessThere()
    {
        if ((CageHosts.Missing(CageHosts.Root) ?? AgentPrograms.Missing) is { } missing) Assert.Skip(missing);
    }

    private static TaskFolder Folder(string template, string program, string endpoint, decimal cost = 5)
    {
        var folder = new TaskFolder();
        folder.File("src/fizz.sh", "echo Fizz\n");
        folder.File("tests/fizz.t", "if [ \"$(sh src/fizz.sh)\" = FizzBuzz ]; then echo ok 1; else echo not ok 1; fi; echo 1..1\n");
        folder.Repository();
        File.WriteAllText(folder.Under("key"), ScriptedProvider.Key);
        folder.Adapters.Clear();
        folder.Adapters[program] = new JsonObject
        {
            ["adapter_id"] = program,
            ["kind"] = "agent",
            ["command"] = new JsonArray(AgentPrograms.Path(program)),
            ["retry"] = new JsonObject { ["max_attempts"] = 1 },
            ["agent"] = new JsonObject
            {
                ["template"] = template,
                ["model"] = "fake-1",
                ["endpoint"] = endpoint,
                ["api_key_file"] = "key",
                ["input_usd_per_million_tokens"] = 5,
                ["output_usd_per_million_tokens"] = 25,
            },
        };
        folder.Tasks.Clear();
        folder.Tasks["kata"] = new JsonObject
        {
            ["task_id"] = "kata",
            ["title"] = "Fix it",
            ["kind"] = "fix",
            ["priority"] = 1,
            ["prompt"] = "Make tests/fizz.t pass.",
            ["working_tree"] = "tree",
            ["file_scope"] = new JsonObject { ["write"] = new JsonArray("src/**") },
            ["acceptance_tests"] = new JsonArray(new JsonObject
            {
                ["name"] = "fizz",
                ["kind"] = "unit",
                ["command"] = new JsonArray("sh", "tests/fizz.t"),
                ["parse"] = "tap",
            }),
            ["budgets"] = new JsonObject { ["time_ms"] = 120_000, ["cost_usd"] = cost },
            ["max_attempts"] = 1,
        };
        folder.Routes["kata"] = [program];
        return folder.Write();
    }

    private static string Attempt(TaskFolder folder, string name) => folder.Under(".assay", "tasks", TaskFolder.RunId, "kata", "1", name);

    private static string Evidence(TaskFolder folder, string name) => File.Exists(Attempt(folder, name)) ? File.ReadAllText(Attempt(folder, name)) : "";

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
