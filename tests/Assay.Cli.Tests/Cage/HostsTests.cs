using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests.Cage;

/// <summary>What may be reached, as documents and options say it: refusals, records, and the line at the end.</summary>
public sealed class HostsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("/var/tmp");
    private readonly HttpListener _server = new();
    private readonly int _port;

    public HostsTests()
    {
        _port = FreePort.Take();
        _server.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _server.Start();
        _ = Task.Run(ServeAsync);
    }

    public void Dispose()
    {
        _server.Close();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_try_reaches_what_is_listed_and_says_what_it_tried()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        string[] words = ["--host", $"127.0.0.1:{_port}", "--", "perl", "-MIO::Socket::INET", "-e", Get($"127.0.0.1:{_port}") + Get("evil.test:443") + Get("1.2.3.4:80")];
        var run = await Try(words);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("reached", run.Output, StringComparison.Ordinal);
        Assert.Contains($"confined: view, landlock; caps", run.Error, StringComparison.Ordinal);
        Assert.Contains($"network by name (network namespace, gate) · reached 127.0.0.1:{_port}; refused evil.test, 1.2.3.4:80 ·", run.Error, StringComparison.Ordinal);
        var json = await Try(["--json", .. words]);
        Assert.Empty(ContractCatalog.Validate("try_report_v1", JsonDocument.Parse(json.Output).RootElement));
        Assert.Equal(3, JsonNode.Parse(json.Output)!["egress"]!.AsArray().Count);
        Assert.Equal(0, (await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode);
    }

    [Theory]
    [InlineData("--host: x is no NAME:PORT", "--host", "x")]
    [InlineData("--host: 127.1:80 is neither a name nor an address", "--host", "127.1:80")]
    [InlineData("strict has no network", "--host", "a.b:1", "--sandbox", "strict")]
    [InlineData("mean nothing with sandbox none", "--host", "a.b:1", "--sandbox", "none")]
    [InlineData("goes only with sandbox confined", "--network", "all", "--sandbox", "isolated")]
    [InlineData("makes the list of hosts mean nothing", "--network", "all", "--host", "a.b:1")]
    [InlineData("--network none: it is all, or left out", "--network", "none")]
    [InlineData("--host: is empty: ", "--host", "")]
    [InlineData("--host: a.b:1,c.d:2 are several: each is an entry of its own (--host once for each)", "--host", "a.b:1,c.d:2")]
    [InlineData("--network-max: means nothing without hosts", "--network-max", "1")]
    public async Task What_cannot_be_held_is_refused(string sentence, params string[] words)
    {
        var run = await Try([.. words, "--", "true"]);
        Assert.Equal(125, run.ExitCode);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Under(".assay")));
    }

    [Theory]
    [InlineData(CageHosts.User)]
    [InlineData(CageHosts.RootWithoutSysAdmin)]
    public async Task Where_no_run_can_have_a_network_of_its_own_hosts_are_refused_before_anything_runs(string host)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", _folder.Path], null, null, TimeSpan.FromSeconds(10));
        using var program = new PublicProgram();
        IReadOnlyList<string> words = [.. CageHosts.Prefix(host), program.Path, "try", "--host", "a.b:1", "--", "true"];
        var run = await AssayProgram.RunAsync(words[0], [.. words.Skip(1)], _folder.Path, null, TimeSpan.FromMinutes(1));
        Assert.Equal(125, run.ExitCode);
        Assert.Contains("hosts can be named only", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_with_bubblewrap_reaches_what_is_listed_and_nothing_else()
    {
        const string openFiles = "opendir(my $fds, '/proc/self/fd'); print 'open ' . join(' ', sort grep { /\\d/ } readdir $fds) . \"\\n\";";
        const string host = CageHosts.UserWithBubblewrap;
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", _folder.Path], null, null, TimeSpan.FromSeconds(10));
        using var program = new PublicProgram();
        var script = openFiles + Get($"127.0.0.1:{_port}") + Get("evil.test:443") + Get("1.2.3.4:80");
        IReadOnlyList<string> words =
            [.. CageHosts.Prefix(host), program.Path, "try", "--json", "--host", $"127.0.0.1:{_port}", "--", "perl", "-MIO::Socket::INET", "-e", script];
        var run = await AssayProgram.RunAsync(words[0], [.. words.Skip(1)], _folder.Path, null, TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == 0, run.Error);
        var report = JsonNode.Parse(run.Output)!;
        var log = await File.ReadAllTextAsync(_folder.Under(".assay/epochs/TRY/TRY/stdout.json"), TestContext.Current.CancellationToken);
        Assert.Contains("reached", log, StringComparison.Ordinal);
        Assert.Contains("open 0 1 2 3\n", log, StringComparison.Ordinal);
        Assert.Equal("network namespace, gate", string.Join(", ", report["caps"]!["cage"]!["network"]!["by"]!.AsArray()));
        Assert.Equal("allowed refused refused", string.Join(' ', report["egress"]!.AsArray().Select(e => (string)e!["verdict"]!)));
    }

    [Fact]
    public async Task A_crucible_reaches_what_it_lists_within_its_cap_and_its_record_says_so()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        var plan = new PlanBuilder(_folder.Under("plan"))
            .Add("LISTED", "true", c => Listing(c, Get($"127.0.0.1:{_port}"), $"127.0.0.1:{_port}"))
            .Add("MUCH", "true", c =>
            {
                Listing(c, Get($"127.0.0.1:{_port}"), $"127.0.0.1:{_port}");
                c["budgets"] = new JsonObject { ["network_max_bytes"] = 40 };
            })
            .Write();
        var run = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan, "--mode", "salvage");
        Assert.Equal(("PASS", null, "allowed"), Seen("LISTED"));
        Assert.Equal(("FAIL_CLOSED", "NETWORK_LIMIT", "allowed"), Seen("MUCH"));
        Assert.True((await AssayProgram.RunAsync(_folder.Path, "verify")).ExitCode == 0, run.Output + run.Error);

        (string, string?, string?) Seen(string id)
        {
            var text = File.ReadAllText(_folder.Under(".assay", "epochs", "EPOCH_TEST", id, "run_record.json"));
            Assert.Empty(ContractCatalog.Validate("run_record_v1", JsonDocument.Parse(text).RootElement));
            var record = JsonNode.Parse(text)!;
            return ((string)record["outcome"]!, (string?)record["kill_reason"], (string?)record["egress"]!.AsArray().Single()!["verdict"]);
        }
    }

    [Fact]
    public async Task A_document_that_lists_what_is_no_host_is_refused_with_file_and_line()
    {
        var plan = new PlanBuilder(_folder.Under("plan")).Add("ONE", "true", c => Listing(c, "1", "https://api.example.com")).Write();
        var run = await AssayProgram.RunAsync(_folder.Path, "epoch", "run", plan);
        Assert.Equal(2, run.ExitCode);
        Assert.Matches(@"ONE\.json:\d+:\d+: /hosts/0: https://api\.example\.com (is no NAME:PORT|has no port)", run.Error);
    }

    private static void Listing(JsonObject crucible, string perl, string host)
    {
        crucible["sandbox"] = "confined";
        crucible["hosts"] = new JsonArray(host);
        crucible["command"] = new JsonArray("perl", "-MIO::Socket::INET", "-e", perl);
    }

    private static string Get(string host) =>
        $"my $s = IO::Socket::INET->new(PeerAddr => '{host}', Timeout => 5); if ($s) {{ print $s qq(GET / HTTP/1.0\\r\\nHost: {host}\\r\\n\\r\\n); print <$s> }} ";

    private Task<ProgramResult> Try(params string[] words) => AssayProgram.RunAsync(_folder.Path, ["try", .. words]);

    private async Task ServeAsync()
    {
        while (_server.IsListening)
        {
            try
            {
                var context = await _server.GetContextAsync();
                context.Response.Close("reached"u8.ToArray(), willBlock: false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
