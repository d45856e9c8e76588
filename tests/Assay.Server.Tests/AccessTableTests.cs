using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Assay.Tests;

/// <summary>Checks each cell of the table in <c>docs/api-access.md</c>, and that the table leaves out no endpoint.</summary>
public sealed partial class AccessTableTests
{
    private const int OffColumns = 5;
    private const int BasicColumns = 3;

    private static readonly (string Endpoint, string[] Cells)[] Table = ReadTable();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_caller_gets_what_the_table_says(bool isBasic)
    {
        await using var served = await ServedFolder.StartAsync(isBasic);
        var done = await served.DoneAsync();
        var run = (string)(await served.GetAsync($"/jobs/{done}"))["job"]!["run_id"]!;
        for (var column = 0; column < (isBasic ? BasicColumns : OffColumns); column++)
        {
            foreach (var (endpoint, cells) in Table)
            {
                var expected = int.Parse(cells[(isBasic ? OffColumns : 0) + column]);
                var caller = new Caller(served, isBasic, column);
                var status = await caller.CallAsync(endpoint, done, run);
                Assert.True(status == expected, $"{endpoint}, {(isBasic ? "basic" : "off")}, column {column}: {status}, the table says {expected}");
            }
        }
    }

    [Fact]
    public async Task The_table_names_every_endpoint_of_the_API()
    {
        await using var served = await ServedFolder.StartAsync();
        var listed = Table.Select(r => r.Endpoint.Replace("runspec", "{name}", StringComparison.Ordinal).Replace("walk", "{segment_id}", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        foreach (var (path, operations) in (await served.GetAsync("/openapi/v1.json"))["paths"]!.AsObject())
        {
            foreach (var (method, _) in operations!.AsObject()) Assert.Contains($"{method.ToUpperInvariant()} {path}", listed);
        }
    }

    private static (string Endpoint, string[] Cells)[] ReadTable() =>
    [
        .. File.ReadLines(Path.Combine(SharedData.RepositoryRoot, "docs", "api-access.md"))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(c => c.Length == 1 + OffColumns + BasicColumns && (c[0].StartsWith("GET ", StringComparison.Ordinal) || c[0].StartsWith("POST ", StringComparison.Ordinal)))
            .Select(c => (c[0], c[1..])),
    ];

    /// <summary>One column of the table: with these credentials, against a job in the state that the request needs.</summary>
    private sealed partial class Caller(ServedFolder served, bool isBasic, int column)
    {
        private static int _jobs;

        public async Task<int> CallAsync(string endpoint, string done, string run)
        {
            var (method, path) = (endpoint.Split(' ')[0], endpoint.Split(' ')[1].Replace("{run_id}", run, StringComparison.Ordinal));
            if (method == "GET")
            {
                return (int)(await SendAsync(new HttpRequestMessage(HttpMethod.Get, Named(path, done)))).StatusCode;
            }

            served.Folder.Blueprint["title"] = $"Job {Interlocked.Increment(ref _jobs)}";
            var (id, shown) = path.Contains("{job_id}", StringComparison.Ordinal) ? await served.WaitingAsync() : ("", "");
            path = path.Replace("{job_id}", id, StringComparison.Ordinal);
            return (int)(await SendAsync(path.StartsWith("/ui/", StringComparison.Ordinal) ? await FormAsync(path, shown) : Json(path, shown))).StatusCode;
        }

        private static string Named(string path, string done) =>
            path.Replace("{job_id}", done, StringComparison.Ordinal).Replace("{trial}", "1", StringComparison.Ordinal);

        private HttpRequestMessage Json(string path, string shown)
        {
            var (query, body) = path switch
            {
                "/jobs/blueprint" => ("?snapshot_id=s", Fresh(served.Folder.Blueprint).ToJsonString()),
                "/jobs/idea" => ("?snapshot_id=s", Fresh(served.Folder.Idea).ToJsonString()),
                _ when path.EndsWith("/reject", StringComparison.Ordinal) => ("?step=runspec", """{"reason":"no"}"""),
                _ when path.EndsWith("/spawn", StringComparison.Ordinal) => ("", """{"blueprint":{"schema_version":"blueprint_v1","title":"child","strategy":{}}}"""),
                _ => ("?step=runspec", "{}"),
            };
            var request = new HttpRequestMessage(HttpMethod.Post, path + query) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            if (shown.Length > 0) request.Headers.TryAddWithoutValidation("If-Match", $"\"{shown}\"");
            return request;
        }

        /// <summary>A form as its page gives it, with the page's own token and cookie.</summary>
        private async Task<HttpRequestMessage> FormAsync(string path, string shown)
        {
            using var fresh = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(served.Url) };
            using var page = await fresh.GetAsync("/ui/sign-in");
            var token = FormToken().Match(await page.Content.ReadAsStringAsync()).Groups["token"].Value;
            var fields = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["form_token"] = WebUtility.HtmlDecode(token),
                ["step"] = "runspec",
                ["sha256"] = shown,
                ["reason"] = "no",
                ["kind"] = "blueprint",
                ["document"] = Fresh(served.Folder.Blueprint).ToJsonString(),
                ["snapshot_id"] = "s",
                ["proposal_id"] = "none",
            };
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields) };
            request.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]));
            return request;
        }

        private static JsonNode Fresh(JsonObject document)
        {
            var copy = document.DeepClone();
            copy["title"] = $"Job {Interlocked.Increment(ref _jobs)}";
            return copy;
        }

        private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
        {
            using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(served.Url) };
            switch (isBasic, column)
            {
                case (false, 1):
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", served.Token);
                    break;
                case (false, 2):
                    var others = request.Headers.TryGetValues("Cookie", out var values) ? string.Join("; ", values) + "; " : "";
                    request.Headers.Remove("Cookie");
                    request.Headers.Add("Cookie", others + await served.SessionAsync());
                    break;
                case (false, 3):
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await served.TokenAsync("submitter"));
                    break;
                case (false, 4):
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await served.TokenAsync("reader"));
                    break;
                case (true, 1):
                    request.Headers.Authorization = served.Client.DefaultRequestHeaders.Authorization;
                    break;
                case (true, 2):
                    request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("ada:wrong"u8));
                    break;
            }

            return await client.SendAsync(request);
        }

        [GeneratedRegex("name=\"form_token\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex FormToken();
    }
}
