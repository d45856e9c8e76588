using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests.Cage;

/// <summary>Who has the host's own network says so wherever his verdict stands, and is held by no cap that he cannot be held by.</summary>
public sealed class OpenNetworkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("confined", "/network: all has no cap on the network")]
    [InlineData("none", "/sandbox: none has no cap on the network")]
    public async Task A_cap_of_the_plan_that_could_not_be_held_is_refused_before_anything_runs(string level, string place)
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        var plan = new PlanBuilder(_folder.Path).Add("OPEN", "true", c => Open(c, level));
        plan.Plan["budgets"]!["per_crucible_network_max_bytes"] = 50;
        var run = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan.Write());
        Assert.True(run.ExitCode == 2, run.Error);
        Assert.Matches(@"OPEN\.json:\d+:\d+: " + place, run.Error);
        Assert.Contains("per_crucible_network_max_bytes is 50", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crucible_with_the_hosts_network_is_noted_in_record_summary_and_table()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        var plan = new PlanBuilder(_folder.Path).Add("OPEN", "true", c => Open(c, "confined")).Add("SHUT", "true").Write();
        var run = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan);
        Assert.Matches(@"OPEN\s+PASS\s.*NETWORK OPEN\n", run.Output);
        Assert.EndsWith("  NETWORK OPEN: 1 of them, which had the host's own network\n", run.Output, StringComparison.Ordinal);
        var json = (await AssayProgram.RunAsync(_folder.Path, "epoch", "show", "EPOCH_TEST", "--json")).Output;
        Assert.Empty(ContractCatalog.Validate("epoch_summary_v1", JsonDocument.Parse(json).RootElement));
        Assert.Equal(("NETWORK OPEN", 1), ((string?)JsonNode.Parse(json)!["runs"]![0]!["notes"]![0], (int)JsonNode.Parse(json)!["network_open"]!));
        Assert.Empty(JsonNode.Parse(json)!["runs"]![1]!["notes"]!.AsArray());
    }

    [Fact]
    public async Task What_a_crucible_was_refused_stands_in_its_notes()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        const string reach = "for my $h (qw(evil.test:443 1.2.3.4:80 1.2.3.5:80)) { IO::Socket::INET->new(PeerAddr => $h, Timeout => 5) }";
        var plan = new PlanBuilder(_folder.Path).Add("TRIES", "true", c =>
        {
            (c["sandbox"], c["hosts"]) = ("confined", new JsonArray("127.0.0.1:9"));
            c["command"] = new JsonArray("perl", "-MIO::Socket::INET", "-e", reach);
        }).Write();
        Assert.Matches(@"TRIES\s+PASS\s.*refused:evil\.test \+2\n", (await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan)).Output);
    }

    [Fact]
    public async Task A_task_and_a_stage_with_the_hosts_network_are_noted()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var tasks = new TaskFolder();
        tasks.Add("one", "true")["acceptance_tests"]![0]!["sandbox"] = "strict";
        Open(tasks.Adapters["shell"], "confined");
        Assert.Contains("NETWORK OPEN", (await tasks.Write().ExecuteAsync()).Output, StringComparison.Ordinal);
        var status = (await tasks.RunAsync("run", "status", TaskFolder.RunId, "--json")).Output;
        Assert.Empty(ContractCatalog.Validate("execution_results_v1", JsonDocument.Parse(status).RootElement));
        Assert.Equal("NETWORK OPEN", (string?)(await tasks.ResultsAsync())["one"]["isolation"]);
        using var jobs = new JobFolder();
        Open(jobs.Components["compile"]!.AsObject(), "confined");
        var id = await jobs.Write().SubmitAsync();
        await jobs.WorkAsync();
        Assert.Equal("NETWORK OPEN", (string?)(await jobs.ShowAsync(id))["stages"]![0]!["isolation"]);
    }

    private static void Open(JsonObject document, string level)
    {
        document["sandbox"] = level;
        if (level != "none") document["network"] = "all";
    }
}
