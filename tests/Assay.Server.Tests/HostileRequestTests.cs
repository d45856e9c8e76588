using System.Net.Sockets;
using System.Text;

namespace Assay.Tests;

/// <summary>Requests that nobody with good intentions sends: all refused, all on record.</summary>
public sealed class HostileRequestTests
{
    private const string Blueprint = """{"schema_version":"blueprint_v1","title":"x","strategy":{}}""";

    [Fact]
    public async Task Fifty_hostile_requests_are_refused_and_recorded_and_nothing_happens()
    {
        await using var served = await ServedFolder.StartAsync();
        var (id, shown) = await served.WaitingAsync();
        var host = new Uri(served.Url).Authority;
        var good = $"Host: {host}\r\nAuthorization: Bearer {served.Token}\r\nContent-Type: application/json\r\n";
        string Post(string path, string headers, string body) => $"POST {path} HTTP/1.1\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";
        string Get(string path, string? asHost = null) => $"GET {path} HTTP/1.1\r\nHost: {asHost ?? host}\r\nConnection: close\r\n\r\n";
        var approve = $"/jobs/{id}/approve?step=runspec";
        var submit = "/jobs/blueprint?snapshot_id=s";
        string Form(string path, string body, string more = "") => Post(path, $"Host: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n{more}", body);
        string[] requests =
        [
            // Paths that try to leave.
            Get("/jobs/../../etc/passwd"), Get("/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), Get("/assets/../../../etc/passwd"), Get("/assets/%2e%2e/site.css"), Get("/jobs/..%2f..%2fledger.db"),
            Get($"/jobs/{id}/documents/..%2f..%2fevents.jsonl"), Get($"/jobs/{id}/documents/logs"), Get($"/jobs/{id}/documents/%00"), Get("/runs/../keys/operator.token"), Get("/ui/runs/%2e%2e"),
            Get($"/runs/{id}/segments/..%2f..%2f/curve"), Get("/ledger.db"), Get("/keys/operator.token"), Get("/.assay/ledger.db"), Get("/jobs/0123456789AB"), Get("/jobs/0123456789ab0"), Get("/ui/jobs/'%20or%201=1"),

            // Names that are not this server's.
            Get("/jobs", "evil.example"), Get("/jobs", "127.0.0.1.evil.example"), Get("/jobs", "127.0.0.1:1"), Get("/ui/jobs", "[::ffff:7f00:1]"), Get("/jobs", ""), Post(approve, $"Host: evil.example\r\nAuthorization: Bearer {served.Token}\r\nIf-Match: \"{shown}\"\r\nContent-Type: application/json\r\n", "{}"),

            // Other sites' pages.
            Post(approve, $"{good}If-Match: \"{shown}\"\r\nOrigin: https://{host}\r\n", "{}"), Post(approve, $"{good}If-Match: \"{shown}\"\r\nOrigin: http://127.0.0.1\r\n", "{}"),
            Post(approve, $"{good}If-Match: \"{shown}\"\r\nOrigin: https://evil.example\r\n", "{}"), Post(approve, $"{good}If-Match: \"{shown}\"\r\nOrigin: null\r\n", "{}"),
            Post(approve, $"{good}If-Match: \"{shown}\"\r\nSec-Fetch-Site: cross-site\r\n", "{}"), Post(approve, $"{good}If-Match: \"{shown}\"\r\nOrigin: http://{host}.evil.example\r\n", "{}"),

            // Nobody, or somebody else.
            Post(approve, $"Host: {host}\r\nContent-Type: application/json\r\nIf-Match: \"{shown}\"\r\n", "{}"), Post(approve, $"Host: {host}\r\nAuthorization: Bearer wrong\r\nContent-Type: application/json\r\nIf-Match: \"{shown}\"\r\n", "{}"),
            Post(approve, $"Host: {host}\r\nAuthorization: Basic b3BlcmF0b3I6\r\nContent-Type: application/json\r\nIf-Match: \"{shown}\"\r\n", "{}"), Post(approve, $"Host: {host}\r\nCookie: assay_session={served.Token}\r\nContent-Type: application/json\r\nIf-Match: \"{shown}\"\r\n", "{}"),
            Post(submit, $"Host: {host}\r\nContent-Type: application/json\r\n", Blueprint), Post($"/jobs/{id}/cancel", $"Host: {host}\r\nContent-Type: application/json\r\n", "{}"),
            Form($"/ui/jobs/{id}/approve", $"step=runspec&sha256={shown}"), Form($"/ui/jobs/{id}/approve", $"step=runspec&sha256={shown}&form_token=forged", $"Cookie: assay_session={served.Token}\r\n"), Form("/ui/sign-in", $"token={served.Token}"),

            // Not what it says, or too much of it.
            Post(submit, $"Host: {host}\r\nAuthorization: Bearer {served.Token}\r\nContent-Type: text/plain\r\n", Blueprint), Post(submit, $"Host: {host}\r\nAuthorization: Bearer {served.Token}\r\n", Blueprint), Post(submit, good, ""), Post(submit, good, "[]"),
            Post(submit, good, """{"schema_version":"blueprint_v1","title":"x","title":"y","strategy":{}}"""), Post(submit, good, """{"schema_version":"blueprint_v2","title":"x","strategy":{}}"""), Post(submit, good, new string('[', 5000)),
            Post(submit, good, Blueprint.Replace("\"x\"", $"\"{new string('x', 1_100_000)}\"", StringComparison.Ordinal)), Post("/jobs/blueprint?snapshot_id=../../x", good, Blueprint), Post($"{submit}&policy_bundle_id=..%2fother", good, Blueprint),
            Post(submit, good, """{"schema_version":"blueprint_v1","title":"x","strategy":{},"extensions":{"budget":{"max_cost_usd":9}}}"""),

            // Decisions that say too little or something else.
            Post(approve, good, "{}"), Post(approve, $"{good}If-Match: *\r\n", "{}"), Post(approve, $"{good}If-Match: W/\"{shown}\"\r\n", "{}"), Post($"/jobs/{id}/approve?step=everything", $"{good}If-Match: \"{shown}\"\r\n", "{}"),
            Post(approve, $"{good}If-Match: \"{shown}\"\r\n", $$"""{"reason":"{{new string('x', 100_000)}}"}"""),
            Post(approve, $"{good}If-Match: \"{shown}\"\r\n", """{"reason":"x","actor":"ceo"}"""), Post($"/jobs/{id}/approve?step=blueprint", $"{good}If-Match: \"{shown}\"\r\n", "{}"),

            // No request at all.
            "GARBAGE\r\n\r\n", $"GET /jobs HTTP/1.1\r\nHost: {host}\r\nHost: other\r\n\r\n", $"DELETE /jobs/{id} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        ];
        Assert.True(requests.Length >= 50, $"{requests.Length} requests");
        var before = Refusals().Count;
        foreach (var request in requests)
        {
            var status = await SendAsync(host, request);
            Assert.True(status is >= 400 and < 500, $"{status}: {request[..Math.Min(300, request.Length)]}");
        }

        // A refusal is recorded when its answer has left.
        var deadline = DateTime.UtcNow.AddSeconds(10);
        while (Refusals().Count - before < requests.Length && DateTime.UtcNow < deadline) await Task.Delay(20);
        var recorded = Refusals()[before..];
        Assert.True(requests.Length == recorded.Count, $"{recorded.Count} of {requests.Length}:\n{string.Join('\n', recorded)}");
        Assert.Equal(["BLUEPRINT_SUBMITTED", "RUNSPEC_COMPILED", "WAITING_APPROVAL"], served.Folder.Types(id));
        Assert.Single((await served.GetAsync("/jobs"))["jobs"]!.AsArray());

        // Of a client that leaves before its body was looked at, Kestrel may say that too, beside the answer that it was given.
        List<string> Refusals() => [.. served.Refusals().Where(line => !line.Contains("Unexpected end of request content", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task Too_many_writes_are_told_to_wait()
    {
        await using var served = await ServedFolder.StartAsync(isBasic: false, change: null, "--write-rate", "1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => served.PostAsync("/jobs/0123456789ab/cancel", "{}")));
        var limited = answers.Where(a => (int)a.StatusCode == 429).ToList();
        Assert.True(limited.Count >= 15, $"{limited.Count} of 30");
        Assert.All(limited, a => Assert.NotNull(a.Headers.RetryAfter));
    }

    [Theory]
    [InlineData("http://0.0.0.0:8099", null, "is not loopback")]
    [InlineData("http://0.0.0.0:8099", "basic", "in the clear")]
    [InlineData("https://127.0.0.1:8099", null, "--certificate")]
    [InlineData("ftp://127.0.0.1:8099", null, "only http and https")]
    [InlineData("http://127.0.0.1:8099/base", null, "no path")]
    [InlineData("nonsense", null, "looks like")]
    public async Task An_address_that_would_be_open_is_refused(string url, string? mode, string message)
    {
        using var folder = new JobFolder().Write();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        if (mode is not null)
        {
            (environment["ASSAY_WRITE_AUTH_MODE"], environment["ASSAY_WRITE_AUTH_USER"], environment["ASSAY_WRITE_AUTH_PASS"]) = (mode, "u", "p");
        }

        var result = await AssayProgram.RunAsync(AssayProgram.Program, ["serve", "--urls", url], folder.Path, environment, TimeSpan.FromSeconds(30));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mkfifo -m 600 .assay/keys/operator.token", 3, "is a named pipe")]
    [InlineData("echo mine > mine; ln -s ../../mine .assay/keys/operator.token", 3, "is a link")]
    [InlineData("ulimit -n 300", 2, "raise ulimit -n")]
    [InlineData("mkfifo .assay/logs/refused.jsonl", 0, "")]
    [InlineData("echo mine > mine; ln -s ../../mine .assay/logs/refused.jsonl", 0, "")]
    public async Task What_uncaged_work_put_into_the_servers_way_is_not_waited_for_and_not_followed(string script, int exitCode, string message)
    {
        using var folder = new JobFolder().Write();
        using var probe = new TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        var port = ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var start = $"mkdir -p .assay/keys .assay/logs; {script}; exec timeout -s TERM 6 \"$0\" serve --urls http://127.0.0.1:{port}";
        using var server = AssayProgram.Start("sh", ["-c", start, AssayProgram.Program], folder.Path);
        var first = await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        if (first is not null)
        {
            using var client = new HttpClient();
            await client.PostAsync($"http://127.0.0.1:{port}/jobs/0123456789ab/cancel", null, TestContext.Current.CancellationToken);
        }

        var error = await server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (exitCode != 0) Assert.Equal(exitCode, server.ExitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Equal(exitCode == 0, first is not null);
        if (File.Exists(folder.Under("mine"))) Assert.Equal("mine\n", await File.ReadAllTextAsync(folder.Under("mine"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_password_cannot_be_read_from_the_servers_environment()
    {
        await using var served = await ServedFolder.StartAsync(isBasic: true);
        Assert.DoesNotContain(ServedFolder.Password, served.Environment, StringComparison.Ordinal);
        Assert.Contains("ASSAY_WRITE_AUTH_PASS=***", served.Environment, StringComparison.Ordinal);
        Assert.Equal(404, (int)(await served.PostAsync("/jobs/0123456789ab/cancel", "{}")).StatusCode);
    }

    [Fact]
    public async Task Basic_without_name_and_password_does_not_start()
    {
        using var folder = new JobFolder().Write();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["EAM_WRITE_AUTH_MODE"] = "basic" };
        var result = await AssayProgram.RunAsync(AssayProgram.Program, ["serve"], folder.Path, environment, TimeSpan.FromSeconds(30));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("_USER and", result.Error, StringComparison.Ordinal);
    }

    private static async Task<int> SendAsync(string host, string request)
    {
        var parts = host.Split(':');
        using var client = new TcpClient();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await client.ConnectAsync(parts[0], int.Parse(parts[1]), deadline.Token);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request), deadline.Token);
        }
        catch (IOException)
        {
            // Answered before all was sent.
        }

        using var reader = new StreamReader(stream, Encoding.ASCII);
        var line = await reader.ReadLineAsync(deadline.Token) ?? "";
        return line.Split(' ') is [_, var status, ..] && int.TryParse(status, out var code) ? code : 0;
    }
}
