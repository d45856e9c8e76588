using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Tests.Tasks;

namespace Assay.Tests.Cage;

/// <summary>
/// What work tried to reach is shown where docs/cage.md says so: for the run of a job, for acceptance tests, for an epoch that has ended.
/// </summary>
public sealed class NetworkShownTests
{
    private const string Knock = "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => q(1.2.3.4:80), Timeout => 2)'";

    [Theory]
    [InlineData("", "DONE")]
    [InlineData("exit 3", "ERROR")]
    public async Task The_run_of_a_job_shows_what_it_tried_to_reach(string after, string state)
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = new JobFolder();
        folder.Components["run"]!["sandbox"] = "confined";
        folder.Components["run"]!["hosts"] = new JsonArray("api.test:443");
        folder.Before($"if [ $ASSAY_STAGE = run ]; then {Knock}; {after}\nfi").Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        await folder.ApproveAsync(id);
        await folder.WorkAsync();
        var job = await folder.ShowAsync(id);
        Assert.Equal(state, (string)job["job"]!["state"]!);
        var run = job["stages"]!.AsArray().Single(s => (string)s!["stage"]! == "run")!;
        Assert.Equal("1.2.3.4:80 refused", Words(Assert.Single(run["egress"]!.AsArray())!));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task An_acceptance_test_shows_what_it_tried_to_reach()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = new TaskFolder();
        var tests = folder.Add("words", "echo x > x", $"{Knock}; true")["acceptance_tests"]!.AsArray();
        tests[0]!["sandbox"] = "confined";
        tests[0]!["hosts"] = new JsonArray("api.test:443");
        tests.Add(new JsonObject { ["name"] = "quiet", ["kind"] = "unit", ["command"] = new JsonArray("true"), ["sandbox"] = "none" });
        folder.Write();
        var run = await folder.ExecuteAsync();
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var shown = (await folder.ResultsAsync())["words"]["acceptance"]!["tests"]!.AsArray();
        Assert.Equal("1.2.3.4:80 refused", Words(Assert.Single(shown[0]!["egress"]!.AsArray())!));
        Assert.False(shown[1]!.AsObject().ContainsKey("egress"));
        var document = await File.ReadAllTextAsync(folder.Under(".state", "execution_results.json"));
        Assert.Empty(ContractCatalog.Validate("execution_results_v1", JsonDocument.Parse(document).RootElement));
        Assert.Contains("1.2.3.4", document, StringComparison.Ordinal);
        Assert.Contains("refused 1.2.3.4:80", (await folder.RunAsync("task", "show", "words")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task An_epoch_whose_run_tried_to_reach_something_says_what_and_that_its_cap_ended_it()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = new TemporaryFolder("/var/tmp");
        using var server = new LoopbackServer((_, _) => "heard");
        var place = $"127.0.0.1:{server.Port}";
        string[] words = ["try", "--host", place, "--network-max", "1", "--", "perl", "-MIO::Socket::INET", "-e"];
        var script = "IO::Socket::INET->new(PeerAddr => q(1.2.3.4:80), Timeout => 2); "
            + $"my $s = IO::Socket::INET->new(PeerAddr => q({place})) or die; "
            + "print $s qq(POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 9000000\\r\\n\\r\\n); "
            + "print $s q(x) x 65536 for 1..100; sleep 5";
        var run = await AssayProgram.RunAsync(folder.Path, [.. words, script]);
        Assert.Contains("NETWORK_LIMIT", run.Error, StringComparison.Ordinal);
        var shown = await AssayProgram.RunAsync(folder.Path, "epoch", "show", "TRY");
        Assert.Contains($"TRY: ended at NETWORK_LIMIT · reached {place}; refused 1.2.3.4:80", shown.Output, StringComparison.Ordinal);
    }

    private static string Words(JsonNode attempt) => $"{attempt["host"]}:{attempt["port"]} {attempt["verdict"]}";
}
