using System.Net;
using System.Text.Json.Nodes;

namespace Assay.Tests;

public sealed class JobApiTests
{
    [Fact]
    public async Task A_blueprint_is_submitted_once_shown_approved_once_and_runs_to_its_end()
    {
        await using var served = await ServedFolder.StartAsync();
        var path = $"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}";
        var first = await served.PostAsync(path, served.Folder.Blueprint.ToJsonString());
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        var id = (string)JsonNode.Parse(await first.Content.ReadAsStringAsync())!["job_id"]!;
        Assert.Equal($"/jobs/{id}", first.Headers.Location!.ToString());
        var again = await served.PostAsync(path, served.Folder.Blueprint.ToJsonString());
        Assert.Equal((HttpStatusCode.OK, "exists"), (again.StatusCode, (string)JsonNode.Parse(await again.Content.ReadAsStringAsync())!["status"]!));

        await served.Folder.WorkAsync();
        var shown = await served.Anonymous.GetAsync($"/jobs/{id}");
        var hash = shown.Headers.ETag!.Tag.Trim('"');
        Assert.Equal(hash, (string)JsonNode.Parse(await shown.Content.ReadAsStringAsync())!["waiting"]!["sha256"]!);
        Assert.Equal(428, (int)(await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}")).StatusCode);
        Assert.Equal(412, (int)(await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", new string('0', 64))).StatusCode);
        Assert.Equal(400, (int)(await served.PostAsync($"/jobs/{id}/approve", "{}", hash)).StatusCode);
        var both = await Task.WhenAll(served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", hash), served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", hash));
        Assert.Equal([200, 409], both.Select(r => (int)r.StatusCode).Order());

        await served.Folder.WorkAsync();
        var done = await served.GetAsync($"/jobs/{id}");
        Assert.Equal(("DONE", "PASS"), ((string)done["job"]!["state"]!, (string)done["job"]!["verdict"]!));
        Assert.Equal((Environment.UserName, "api"), ((string)done["decisions"]![0]!["by"]!, (string)done["decisions"]![0]!["via"]!));
        Assert.Equal(0, (await served.Folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task An_idempotency_key_gives_one_job_and_is_refused_with_another_request()
    {
        await using var served = await ServedFolder.StartAsync();
        var path = $"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}";
        var first = await served.PostAsync(path, served.Folder.Blueprint.ToJsonString(), idempotencyKey: "night-42");
        var second = await served.PostAsync(path, served.Folder.Blueprint.ToJsonString(), idempotencyKey: "night-42");
        Assert.Equal((201, 200), ((int)first.StatusCode, (int)second.StatusCode));
        served.Folder.Blueprint["title"] = "another";
        Assert.Equal(422, (int)(await served.PostAsync(path, served.Folder.Blueprint.ToJsonString(), idempotencyKey: "night-42")).StatusCode);
        Assert.Single((await served.GetAsync("/jobs"))["jobs"]!.AsArray());
    }

    [Fact]
    public async Task The_list_goes_on_with_its_cursor_and_filters_by_state()
    {
        await using var served = await ServedFolder.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            served.Folder.Blueprint["title"] = $"Job {i}";
            var answer = await served.PostAsync($"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}", served.Folder.Blueprint.ToJsonString());
            ids.Add((string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["job_id"]!);
        }

        var read = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await served.GetAsync($"/jobs?limit=3{(cursor.Length == 0 ? "" : $"&cursor={cursor}")}");
            read.AddRange(page["jobs"]!.AsArray().Select(j => (string)j!["job_id"]!));
            cursor = (string?)page["next_cursor"];
        }

        Assert.Equal(Enumerable.Reverse(ids), read);
        Assert.Equal(7, (await served.GetAsync("/jobs?state=BLUEPRINT_SUBMITTED"))["jobs"]!.AsArray().Count);
        Assert.Empty((await served.GetAsync("/jobs?state=DONE"))["jobs"]!.AsArray());
        Assert.Equal(7, (await served.GetAsync("/jobs?kind=blueprint"))["jobs"]!.AsArray().Count);
        Assert.Empty((await served.GetAsync("/jobs?verdict=PASS"))["jobs"]!.AsArray());
        async Task<IEnumerable<string>> SortedAsync(string sort) =>
            (await served.GetAsync($"/jobs?sort={sort}"))["jobs"]!.AsArray().Select(j => (string)j!["job_id"]!);
        Assert.Equal(ids, await SortedAsync("submitted"));
        Assert.Equal(Enumerable.Reverse(ids), await SortedAsync("-updated"));
        string[] all = ["state=NONE", "cursor=x", "limit=0", "limit=9999", "limit=many", "kind=dream", "verdict=MAYBE", "sort=title"];
        foreach (var bad in all) Assert.Equal(400, (int)(await served.Anonymous.GetAsync($"/jobs?{bad}")).StatusCode);
    }

    [Fact]
    public async Task Events_stream_as_they_happen_and_go_on_behind_the_last_one_seen()
    {
        await using var served = await ServedFolder.StartAsync();
        var (id, shown) = await served.WaitingAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/jobs/{id}/events");
        request.Headers.Add("Accept", "text/event-stream");
        var known = (await served.GetAsync($"/jobs/{id}/events"))["events"]!.AsArray();
        request.Headers.Add("Last-Event-ID", known[0]!["version"]!.ToString());
        using var response = await served.Anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var types = new List<string>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var approved = false;
        while (types.Count < 3)
        {
            var line = await reader.ReadLineAsync(deadline.Token);
            if (line!.StartsWith("event: ", StringComparison.Ordinal)) types.Add(line[7..]);
            if (types.Count != 2 || approved) continue;
            approved = true;
            await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown);
        }

        Assert.Equal(["RUNSPEC_COMPILED", "WAITING_APPROVAL", "APPROVED"], types);
    }

    [Fact]
    public async Task A_run_shows_its_segments_and_of_a_hold_out_nothing_but_what_is_permitted()
    {
        await using var served = await ServedFolder.StartAsync();
        var id = await served.DoneAsync();
        var run = (string)(await served.GetAsync($"/jobs/{id}"))["job"]!["run_id"]!;
        var view = await served.GetAsync($"/runs/{run}");
        var held = view["segments"]!.AsArray().Single(s => (bool)s!["holdout"]!)!;
        Assert.Equal("""{"months":15}""", held["metrics"]!.ToJsonString());
        Assert.Equal("PASS", (string)held["verdict"]!);
        Assert.Equal(3, (await served.GetAsync($"/runs/{run}/segments/walk/curve"))["points"]!.AsArray().Count);
        Assert.Equal(404, (int)(await served.Anonymous.GetAsync($"/runs/{run}/segments/held/curve")).StatusCode);

        // The figure of the hold-out appears in no answer, whatever is asked.
        string[] paths =
        [
            $"/jobs/{id}", $"/jobs/{id}/events", $"/runs/{run}", $"/runs/{run}/segments/held/curve", $"/ui/jobs/{id}", $"/ui/runs/{run}", $"/ui/runs/{run}?segment=held", $"/ui/runs/{run}?segment=walk",
            $"/jobs/{id}/documents/gate_results", $"/jobs/{id}/documents/metrics", $"/jobs/{id}/documents/dossier_manifest", $"/jobs/{id}/documents/report", $"/jobs/{id}/documents/registry_card", "/jobs", "/ui/jobs",
        ];
        foreach (var path in paths) Assert.DoesNotContain("0.7654321", await (await served.Anonymous.GetAsync(path)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        foreach (var arguments in new string[][] { ["job", "show", id], ["job", "show", id, "--json"], ["log", "--json"], ["job", "document", id, "gate_results"] })
        {
            Assert.DoesNotContain("0.7654321", (await served.Folder.RunAsync(arguments)).Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_list_says_where_it_goes_on_also_where_it_does_not()
    {
        await using var served = await ServedFolder.StartAsync();
        Assert.Equal("""{"items":[],"next_cursor":null,"jobs":[]}""", (await served.GetAsync("/jobs")).ToJsonString());
        Assert.Equal(200, (int)(await served.Anonymous.GetAsync("/jobs?limit=1000")).StatusCode);
    }

    [Fact]
    public async Task Rejecting_cancelling_retrying_and_spawning_keep_their_rules()
    {
        await using var served = await ServedFolder.StartAsync(change: f => f.Budget["max_spawn_per_job"] = 1);
        var (id, shown) = await served.WaitingAsync();
        Assert.Equal(400, (int)(await served.PostAsync($"/jobs/{id}/reject?step=runspec", "{}", shown)).StatusCode);
        Assert.Equal(422, (int)(await served.PostAsync($"/jobs/{id}/reject?step=runspec", """{"reason":"no","replacement":{}}""", shown)).StatusCode);
        Assert.Equal(409, (int)(await served.PostAsync($"/jobs/{id}/retry", "{}")).StatusCode);
        Assert.Equal(409, (int)(await served.PostAsync($"/jobs/{id}/spawn", """{"blueprint":{"schema_version":"blueprint_v1","title":"x","strategy":{}}}""")).StatusCode);
        Assert.Equal(200, (int)(await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown)).StatusCode);
        await served.Folder.WorkAsync();
        Assert.Equal(403, (int)(await served.PostAsync($"/jobs/{id}/spawn", """{"blueprint":{"schema_version":"blueprint_v1","title":"x","strategy":{},"extensions":{"max_cost_usd":9}}}""")).StatusCode);
        Assert.Equal(201, (int)(await served.PostAsync($"/jobs/{id}/spawn", """{"blueprint":{"schema_version":"blueprint_v1","title":"x","strategy":{}}}""")).StatusCode);
        var over = await served.PostAsync($"/jobs/{id}/spawn", """{"blueprint":{"schema_version":"blueprint_v1","title":"y","strategy":{}}}""");
        Assert.Equal((409, "stopped_budget"), ((int)over.StatusCode, (string)JsonNode.Parse(await over.Content.ReadAsStringAsync())!["title"]!));
        await served.Folder.WorkAsync();
        Assert.Equal(2, (await served.GetAsync("/jobs"))["jobs"]!.AsArray().Count);
        var child = (string)(await served.GetAsync($"/jobs/{id}"))["children"]![0]!;
        Assert.Equal(200, (int)(await served.PostAsync($"/jobs/{child}/cancel", """{"reason":"enough"}""")).StatusCode);
        Assert.Equal(409, (int)(await served.PostAsync($"/jobs/{child}/cancel", "{}")).StatusCode);
    }

    [Fact]
    public async Task A_job_that_is_done_is_run_again_by_the_API_and_waits_for_its_own_approval()
    {
        await using var served = await ServedFolder.StartAsync();
        var (id, shown) = await served.WaitingAsync();
        var early = await served.PostAsync($"/jobs/{id}/rerun", "{}");
        Assert.Equal(409, (int)early.StatusCode);
        Assert.Equal("not_done", (string)JsonNode.Parse(await early.Content.ReadAsStringAsync())!["title"]!);
        Assert.Equal(200, (int)(await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown)).StatusCode);
        await served.Folder.WorkAsync();
        served.Folder.Before("# mended");
        var answer = await served.PostAsync($"/jobs/{id}/rerun", """{"reason":"the gates read the wrong column"}""");
        Assert.Equal(201, (int)answer.StatusCode);
        var receipt = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        var again = (string)receipt["job_id"]!;
        Assert.Equal(("rerun", $"/jobs/{again}"), ((string)receipt["status"]!, answer.Headers.Location!.ToString()));
        Assert.False((bool)(await served.GetAsync($"/jobs/{id}"))["reruns"]![0]!["submitted"]!);
        await served.Folder.WorkAsync();
        var job = await served.GetAsync($"/jobs/{again}");
        Assert.Equal(("WAITING_APPROVAL", id), ((string)job["job"]!["state"]!, (string)job["rerun"]!["of"]!));
        Assert.Equal("the gates read the wrong column", (string)job["rerun"]!["reason"]!);
        var existing = JsonNode.Parse(await (await served.PostAsync(
            $"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}", served.Folder.Blueprint.ToJsonString())).Content.ReadAsStringAsync())!;
        Assert.Equal((id, "exists"), ((string)existing["job_id"]!, (string)existing["status"]!));
        Assert.Contains("run", existing["changed_components"]!.AsArray().Select(s => (string)s!));
    }

    [Fact]
    public async Task The_OpenAPI_document_names_every_endpoint_with_examples()
    {
        await using var served = await ServedFolder.StartAsync();
        var document = await served.GetAsync("/openapi/v1.json");
        var paths = document["paths"]!.AsObject();
        Assert.Equal(
            [
                "/epochs/{epoch_id}/events", "/healthz", "/jobs", "/jobs/blueprint", "/jobs/idea", "/jobs/{job_id}", "/jobs/{job_id}/approve", "/jobs/{job_id}/cancel", "/jobs/{job_id}/documents/{name}",
                "/jobs/{job_id}/events", "/jobs/{job_id}/reject", "/jobs/{job_id}/rerun", "/jobs/{job_id}/retry", "/jobs/{job_id}/spawn", "/metrics", "/readyz",
                "/registry", "/registry/{trial}", "/runs/{run_id}", "/runs/{run_id}/segments/{segment_id}/curve",
                "/runs/{run_id}/segments/{segment_id}/trades", "/runs/{run_id}/trades", "/tasks/{run_id}/events",
            ],
            paths.Select(p => p.Key).Order(StringComparer.Ordinal));
        foreach (var (path, operations) in paths)
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty((string?)operation!["summary"]), $"{method} {path} has no summary");
                if (operation["requestBody"] is { } body) Assert.NotNull(body["content"]!["application/json"]!["example"]);
                foreach (var (status, response) in operation["responses"]!.AsObject())
                {
                    foreach (var (type, media) in response!["content"]?.AsObject() ?? []) Assert.True(media!["example"] is not null, $"{method} {path} {status} {type} has no example");
                }
            }
        }
    }

    [Fact]
    public async Task The_whole_way_goes_with_curl_alone()
    {
        RequiredProgram.Find("curl", "curl");
        RequiredProgram.Find("jq", "jq");
        await using var served = await ServedFolder.StartAsync();
        var script = $$"""
            set -eu
            post() { curl -sS -f -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }
            id=$(post --data @idea.json "$URL/jobs/idea?snapshot_id={{JobFolder.Snapshot}}" | jq -r .job_id)
            while "$ASSAY" worker --run-jobs --once > /dev/null; [ "$(curl -sS "$URL/jobs/$id" | jq -r .job.state)" = WAITING_APPROVAL ]; do
              step=$(curl -sS "$URL/jobs/$id" | jq -r .waiting.step)
              etag=$(curl -sS -D - -o /dev/null "$URL/jobs/$id" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
              post --data '{"reason":"seen"}' -H "If-Match: $etag" "$URL/jobs/$id/approve?step=$step" > /dev/null
            done
            curl -sS "$URL/jobs/$id" | jq -r '.job.state + " " + .job.verdict'
            """;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = served.Token, ["URL"] = served.Url, ["ASSAY"] = AssayProgram.Program };
        var result = await AssayProgram.RunAsync("sh", ["-c", script], served.Folder.Path, environment, TimeSpan.FromMinutes(1));
        Assert.True(result.Output.Trim() == "DONE PASS", result.Output + result.Error);
    }
}
