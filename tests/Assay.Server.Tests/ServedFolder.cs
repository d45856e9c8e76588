using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>A job folder with the built command serving it, as a user runs it.</summary>
internal sealed class ServedFolder : IAsyncDisposable
{
    public const string User = "ada";
    public const string Password = "s3cret: with colon";

    private readonly Process _server;
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);

    private ServedFolder(JobFolder folder, string url, Process server, bool isBasic)
    {
        (Folder, Url, _server) = (folder, url, server);
        Anonymous = new HttpClient { BaseAddress = new Uri(url) };
        Client = new HttpClient { BaseAddress = new Uri(url) };
        Client.DefaultRequestHeaders.Authorization = isBasic
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")))
            : new AuthenticationHeaderValue("Bearer", Token);
    }

    public JobFolder Folder { get; }

    public string Url { get; }

    /// <summary>What every process of the same user can read of the server's environment.</summary>
    public string Environment => File.ReadAllText($"/proc/{_server.Id}/environ");

    /// <summary>Without credentials.</summary>
    public HttpClient Anonymous { get; }

    /// <summary>With the credentials of the mode.</summary>
    public HttpClient Client { get; }

    public string Token => File.ReadAllText(Folder.Under(".assay", "keys", "operator.token")).Trim();

    public static async Task<ServedFolder> StartAsync(bool isBasic = false, Action<JobFolder>? change = null, params string[] more)
    {
        var folder = new JobFolder();
        change?.Invoke(folder);
        folder.Write();
        return await StartAsync(folder, isBasic, more);
    }

    public static async Task<ServedFolder> StartAsync(JobFolder folder, bool isBasic, params string[] more)
    {
        var url = $"http://127.0.0.1:{FreePort.Take()}";
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        if (isBasic)
        {
            (environment["ASSAY_WRITE_AUTH_MODE"], environment["EAM_WRITE_AUTH_USER"], environment["ASSAY_WRITE_AUTH_PASS"]) = ("basic", User, Password);
        }

        string[] arguments = ["serve", "--urls", url, "--policies", "policies.json", .. more.Contains("--write-rate") ? [] : new[] { "--write-rate", "1000" }, .. more];
        var server = AssayProgram.Start(AssayProgram.Program, arguments, folder.Path, environment);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var line = await server.StandardOutput.ReadLineAsync(deadline.Token);
        Assert.True(line == $"Open {url}/ui/jobs", line ?? await server.StandardError.ReadToEndAsync(deadline.Token));
        return new ServedFolder(folder, url, server, isBasic);
    }

    /// <summary>A token that was made for a role, the same each time.</summary>
    public async Task<string> TokenAsync(string role)
    {
        if (_tokens.TryGetValue(role, out var known)) return known;
        var made = await Folder.RunAsync("token", "create", "--role", role, "--name", $"the {role}");
        Assert.True(made.ExitCode == 0, made.Error);
        return _tokens[role] = made.Output.Trim();
    }

    /// <summary>What a browser keeps that has signed in with a token; null: the operator's.</summary>
    public async Task<string> SessionAsync(string? token = null)
    {
        using var fresh = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(Url) };
        using var page = await fresh.GetAsync("/ui/sign-in");
        var html = await page.Content.ReadAsStringAsync();
        var field = html.Split("name=\"form_token\" value=\"")[1].Split('"')[0];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ui/sign-in")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal) { ["form_token"] = WebUtility.HtmlDecode(field), ["token"] = token ?? Token }),
        };
        request.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]));
        using var answer = await fresh.SendAsync(request);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return answer.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("assay_session=", StringComparison.Ordinal)).Split(';')[0];
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json, string? ifMatch = null, string? idempotencyKey = null, HttpClient? client = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", $"\"{ifMatch}\"");
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        return (client ?? Client).SendAsync(request);
    }

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Anonymous.GetStringAsync(path))!;

    /// <summary>Submits the blueprint through the API, and brings it to its checkpoint.</summary>
    public async Task<(string Id, string Shown)> WaitingAsync()
    {
        var answer = await PostAsync($"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}", Folder.Blueprint.ToJsonString());
        var id = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["job_id"]!;
        await Folder.WorkAsync();
        return (id, (string)(await GetAsync($"/jobs/{id}"))["waiting"]!["sha256"]!);
    }

    /// <summary>A job that went through to its end.</summary>
    public async Task<string> DoneAsync()
    {
        var (id, shown) = await WaitingAsync();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown)).StatusCode);
        await Folder.WorkAsync();
        return id;
    }

    public string[] Refusals() => File.ReadAllLines(Folder.Under(".assay", "logs", "refused.jsonl"));

    public async ValueTask DisposeAsync()
    {
        AssayProgram.Terminate(_server);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _server.WaitForExitAsync(deadline.Token);
        Assert.Equal(0, _server.ExitCode);
        Anonymous.Dispose();
        Client.Dispose();
        _server.Dispose();
        Folder.Dispose();
    }
}
