using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>Who may what, and that nobody without credentials keeps out those who have them.</summary>
public sealed class AccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_is_no_token_and_ends_when_its_person_leaves_or_its_token_is_revoked()
    {
        await using var served = await ServedFolder.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(served.Url) };
        var own = await served.SessionAsync();
        Assert.DoesNotContain(served.Token, own, StringComparison.Ordinal);
        Assert.Equal(Environment.UserName, await WhoAsync(client, own));

        var made = JsonNode.Parse((await served.Folder.RunAsync("token", "create", "--role", "operator", "--name", "Ada Lovelace", "--json")).Output)!;
        var given = await served.SessionAsync((string)made["token"]!);
        Assert.Equal("Ada Lovelace", await WhoAsync(client, given));
        Assert.Equal(0, (await served.Folder.RunAsync("token", "revoke", (string)made["token_id"]!)).ExitCode);
        Assert.Equal("Sign in to decide", await WhoAsync(client, given));
        Assert.Equal(Environment.UserName, await WhoAsync(client, own));

        using var page = await GetAsync(client, "/ui/jobs", own);
        var field = (await page.Content.ReadAsStringAsync(Cancel)).Split("name=\"form_token\" value=\"")[1].Split('"')[0];
        using var leave = new HttpRequestMessage(HttpMethod.Post, "/ui/sign-out")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal) { ["form_token"] = WebUtility.HtmlDecode(field) }),
        };
        leave.Headers.Add("Cookie", string.Join("; ", page.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]).Append(own)));
        Assert.Equal(HttpStatusCode.Found, (await client.SendAsync(leave, Cancel)).StatusCode);
        Assert.Equal("Sign in to decide", await WhoAsync(client, own));
    }

    [Fact]
    public async Task A_token_that_nobody_knows_is_said_to_be_unknown_and_no_token_to_be_missing()
    {
        await using var served = await ServedFolder.StartAsync();
        using var stranger = Bearer(served, "assay_none");
        Assert.Contains("the token is not known here", await RefusedAsync(stranger), StringComparison.Ordinal);
        Assert.Contains("this needs credentials", await RefusedAsync(served.Anonymous), StringComparison.Ordinal);

        async Task<string> RefusedAsync(HttpClient client)
        {
            var answer = await served.PostAsync("/jobs/0123456789ab/cancel", "{}", client: client);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync(Cancel);
        }
    }

    [Fact]
    public async Task What_is_no_page_is_a_page_to_a_browser_and_a_problem_to_a_program()
    {
        await using var served = await ServedFolder.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(served.Url) };
        using var home = await client.GetAsync("/ui", Cancel);
        Assert.Equal((HttpStatusCode.Found, "/ui/jobs"), (home.StatusCode, home.Headers.Location?.ToString()));
        Assert.Equal("application/problem+json", await TypeAsync("application/json"));
        Assert.Equal("text/html", await TypeAsync("text/html"));

        async Task<string?> TypeAsync(string accept)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/ui/weather/today");
            request.Headers.Add("Accept", accept);
            using var answer = await client.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            return answer.Content.Headers.ContentType?.MediaType;
        }
    }

    [Fact]
    public async Task The_record_names_whose_token_decided_and_a_programs_token_submits_and_never_decides()
    {
        await using var served = await ServedFolder.StartAsync();
        using var program = Bearer(served, await served.TokenAsync("submitter"));
        using var person = Bearer(served, (await served.Folder.RunAsync("token", "create", "--role", "operator", "--name", "Ada Lovelace")).Output.Trim());
        var answer = await served.PostAsync($"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}", served.Folder.Blueprint.ToJsonString(), client: program);
        var id = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!["job_id"]!;
        await served.Folder.WorkAsync();
        var shown = (string)(await served.GetAsync($"/jobs/{id}"))["waiting"]!["sha256"]!;
        var refused = await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown, client: program);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("deciding is a person's", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown, client: person)).StatusCode);
        var lines = served.Folder.Lines(id).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Contains(lines, l => (string)l["event_type"]! == "BLUEPRINT_SUBMITTED" && l.ToJsonString().Contains("the submitter", StringComparison.Ordinal));
        Assert.Contains(lines, l => (string)l["event_type"]! == "APPROVED" && l.ToJsonString().Contains("Ada Lovelace", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tokens_are_listed_without_what_they_are_and_kept_by_their_digest_where_only_their_user_reads()
    {
        await using var served = await ServedFolder.StartAsync();
        var secret = await served.TokenAsync("reader");
        var list = await served.Folder.RunAsync("token", "list");
        Assert.Contains("the reader", list.Output, StringComparison.Ordinal);
        var kept = served.Folder.Under(".assay", "keys", "tokens.json");
        Assert.DoesNotContain(secret, list.Output + await File.ReadAllTextAsync(kept, Cancel), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));
        File.SetUnixFileMode(kept, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", (await served.Folder.RunAsync("token", "list")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_without_credentials_keeps_nobody_out_who_has_them_and_is_counted()
    {
        await using var served = await ServedFolder.StartAsync(isBasic: false, change: null, "--write-rate", "2");
        using var end = new CancellationTokenSource();
        var floods = Enumerable.Range(0, 4).Select(_ => Task.Run(() => FloodAsync(served, end.Token), Cancel)).ToList();
        for (var i = 0; i < 15; i++)
        {
            await Task.Delay(100, Cancel);
            Assert.Equal(HttpStatusCode.NotFound, (await served.PostAsync("/jobs/0123456789ab/cancel", "{}")).StatusCode);
        }

        await end.CancelAsync();
        var sent = (await Task.WhenAll(floods)).Sum();
        Assert.True(sent > 200, $"{sent} were sent");
        Assert.True(served.Refusals().Length < 100, $"{served.Refusals().Length} lines of {sent} refusals");
    }

    [Fact]
    public async Task Connections_that_say_nothing_keep_nobody_out_and_end_nothing()
    {
        using var folder = new JobFolder().Write();
        var port = FreePort.Take();
        using var server = AssayProgram.Start("sh", ["-c", $"ulimit -n 512; exec \"$0\" serve --urls http://127.0.0.1:{port} --policies policies.json", AssayProgram.Program], folder.Path);
        var held = new List<TcpClient>();
        try
        {
            Assert.NotNull(await server.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel));
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(folder.Under(".assay", "keys", "operator.token"), Cancel)).Trim());
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/jobs", Cancel)).StatusCode);
            for (var i = 0; i < 800; i++)
            {
                var silent = new TcpClient();
                held.Add(silent);
                await silent.ConnectAsync(IPAddress.Loopback, port, Cancel);
                if (i % 100 == 99) Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/jobs", Cancel)).StatusCode);
            }

            using var late = new HttpClient { BaseAddress = client.BaseAddress };
            Assert.Equal(HttpStatusCode.OK, (await late.GetAsync("/jobs", Cancel)).StatusCode);
            Assert.False(server.HasExited);
        }
        finally
        {
            held.ForEach(c => c.Dispose());
            AssayProgram.Terminate(server);
            await server.WaitForExitAsync(Cancel);
        }
    }

    /// <summary>Uncaged work, with its mark washed off, decides about another job: by the command line, and with the operator's token over loopback.</summary>
    [Theory]
    [InlineData("setsid env -i PATH=\"$PATH\" HOME=/ {assay} job approve {job} --step runspec --hash {hash} --reason mine --workspace {workspace} > {out} 2>&1")]
    [InlineData("env -i PATH=\"$PATH\" setsid perl -e 'exit if fork; setpgrp; exec @ARGV' {assay} job approve {job} --step runspec --hash {hash} --reason mine --workspace {workspace} > {out} 2>&1; sleep 2")]
    [InlineData("mkdir -p {workspace}-other; cd {workspace}-other; {assay} try --sandbox none --workspace {workspace}-other/w -- env -i perl -e 'if (fork) { sleep 4; exit } exit if fork; for (glob \"/sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs\") { open F, q(>), $_; print F $$; close F } system @ARGV; sleep 1' {assay} job approve {job} --step runspec --hash {hash} --reason mine --workspace {workspace} > {out} 2>&1; sleep 2; cat {workspace}-other/w/epochs/TRY/TRY/stderr.log >> {out}")]
    [InlineData("env -i setsid perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(\"127.0.0.1:{port}\"); print $s \"POST /jobs/{job}/approve?step=runspec HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nAuthorization: Bearer {token}\\r\\nContent-Type: application/json\\r\\nIf-Match: \\\"{hash}\\\"\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}\"; print while <$s>' > {out} 2>&1")]
    public async Task Work_that_nothing_cages_decides_nothing_by_any_way(string line)
    {
        await using var served = await ServedFolder.StartAsync();
        var (id, shown) = await served.WaitingAsync();
        var output = served.Folder.Under("said");
        var script = line.Replace("{assay}", AssayProgram.Program, StringComparison.Ordinal).Replace("{job}", id, StringComparison.Ordinal)
            .Replace("{hash}", shown, StringComparison.Ordinal).Replace("{workspace}", served.Folder.Under(".assay"), StringComparison.Ordinal)
            .Replace("{out}", output, StringComparison.Ordinal).Replace("{port}", new Uri(served.Url).Port.ToString(), StringComparison.Ordinal)
            .Replace("{token}", served.Token, StringComparison.Ordinal);
        await File.WriteAllTextAsync(served.Folder.Under("attack.sh"), script, Cancel);
        served.Folder.Before($"sh {served.Folder.Under("attack.sh")}").Write();
        served.Folder.Blueprint["title"] = "Another";
        served.Folder.Save("blueprint.json", served.Folder.Blueprint);
        await served.Folder.SubmitAsync();
        await served.Folder.WorkAsync();
        Assert.Contains("not_a_person", await File.ReadAllTextAsync(output, Cancel), StringComparison.Ordinal);
        Assert.Equal("WAITING_APPROVAL", (string)(await served.GetAsync($"/jobs/{id}"))["job"]!["state"]!);
        Assert.Equal(HttpStatusCode.OK, (await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown)).StatusCode);
    }

    /// <summary>At the other end of its connection stands the engine that passes its bytes on, which is no person either.</summary>
    [Fact]
    public async Task Caged_work_that_has_come_by_a_token_decides_nothing_through_its_gate()
    {
        Assert.SkipWhen(Environment.UserName != "root", "hosts can be named as root");
        await using var served = await ServedFolder.StartAsync();
        var (id, shown) = await served.WaitingAsync();
        var port = new Uri(served.Url).Port;
        var request = $"POST /jobs/{id}/approve?step=runspec HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nAuthorization: Bearer {served.Token}\\r\\n"
            + $"Content-Type: application/json\\r\\nIf-Match: \\\"{shown}\\\"\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{{}}";
        var script = $"my $s = IO::Socket::INET->new('127.0.0.1:{port}') or die; print $s \"{request}\"; print while <$s>";
        using var other = new TemporaryFolder();
        var run = await AssayProgram.RunAsync(other.Path, "try", "--host", $"127.0.0.1:{port}", "--", "perl", "-MIO::Socket::INET", "-e", script);
        Assert.Contains("not_a_person", run.Output, StringComparison.Ordinal);
        Assert.Equal("WAITING_APPROVAL", (string)(await served.GetAsync($"/jobs/{id}"))["job"]!["state"]!);
    }

    private static async Task<int> FloodAsync(ServedFolder served, CancellationToken end)
    {
        var sent = 0;
        using var client = new HttpClient { BaseAddress = new Uri(served.Url) };
        while (!end.IsCancellationRequested)
        {
            using var content = new StringContent("{}", Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync("/jobs/0123456789ab/cancel", content, CancellationToken.None);
            Assert.True(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests, $"{answer.StatusCode}");
            sent++;
        }

        return sent;
    }

    private static HttpClient Bearer(ServedFolder served, string token)
    {
        var client = new HttpClient { BaseAddress = new Uri(served.Url) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Cookie", cookie);
        return await client.SendAsync(request, Cancel);
    }

    /// <summary>What a page says of its visitor.</summary>
    private static async Task<string> WhoAsync(HttpClient client, string cookie)
    {
        using var page = await GetAsync(client, "/ui/jobs", cookie);
        var text = (await page.Content.ReadAsStringAsync(Cancel)).Split("<span class=\"who\">")[1].Split("</span>")[0];
        return text.Contains("Sign in to decide", StringComparison.Ordinal) ? "Sign in to decide" : text.Split('<')[0].Trim();
    }
}
