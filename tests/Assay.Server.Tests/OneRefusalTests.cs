using System.Net;
using System.Text.Json.Nodes;
using Assay.Kernel.Lanes;
using Assay.Server.Http;

namespace Assay.Tests;

/// <summary>The same refusal has the same code and the same sentence on the command line, in the API and on pages, each with its own number.</summary>
public sealed class OneRefusalTests
{
    private const string Absent = "0123456789ab";

    [Fact]
    public async Task An_id_that_names_nothing_is_said_alike_everywhere()
    {
        await using var served = await ServedFolder.StartAsync();
        await SameAsync(served, RefusalClass.NotFound, ["job", "show", Absent], $"/jobs/{Absent}", $"/ui/jobs/{Absent}");
        await SameAsync(served, RefusalClass.NotFound, ["job", "document", Absent, "runspec"], $"/jobs/{Absent}/documents/runspec");
        await SameAsync(served, RefusalClass.NotFound, ["epoch", "show", Absent], $"/epochs/{Absent}/events");
        await SameAsync(served, RefusalClass.NotFound, ["run", "status", Absent], $"/tasks/{Absent}/events", $"/ui/tasks/{Absent}");
        await SameAsync(served, RefusalClass.NotFound, ["patch", "show", Absent], null, $"/ui/patches/{Absent}");
        await SameAsync(served, RefusalClass.NotFound, ["job", "show", Absent], $"/jobs/{Absent}/events");
        var (id, _) = await served.WaitingAsync();
        await SameAsync(served, RefusalClass.NotFound, ["job", "document", id, "none"], $"/jobs/{id}/documents/none");
    }

    [Fact]
    public async Task A_decision_that_is_refused_is_said_alike_everywhere()
    {
        await using var served = await ServedFolder.StartAsync();
        var (id, shown) = await served.WaitingAsync();
        var other = new string('0', 64);
        await PostAsync(RefusalClass.NotFound, ["job", "cancel", Absent], $"/jobs/{Absent}/cancel", "{}");
        await PostAsync(RefusalClass.Precondition, ["job", "approve", id, "--step", "runspec", "--hash", other], $"/jobs/{id}/approve?step=runspec", "{}", other);
        await PostAsync(RefusalClass.BadInput, ["job", "reject", id, "--step", "runspec", "--hash", shown, "--reason", " "], $"/jobs/{id}/reject?step=runspec", """{"reason":" "}""", shown);
        await PostAsync(RefusalClass.NotFound, ["job", "spawn", id, "--proposal", "none"], $"/jobs/{id}/spawn", """{"proposal_id":"none"}""");
        await PostAsync(RefusalClass.Conflict, ["job", "retry", id], $"/jobs/{id}/retry", "{}");
        Assert.Equal(200, (int)(await served.PostAsync($"/jobs/{id}/approve?step=runspec", "{}", shown)).StatusCode);
        await PostAsync(RefusalClass.Conflict, ["job", "approve", id, "--step", "runspec", "--hash", shown], $"/jobs/{id}/approve?step=runspec", "{}", shown);

        async Task PostAsync(RefusalClass refused, string[] command, string path, string body, string? ifMatch = null) =>
            Same(refused, await served.Folder.RunAsync([.. command, "--json"]), await served.PostAsync(path, body, ifMatch), await served.Folder.RunAsync(command));
    }

    [Fact]
    public async Task A_document_that_is_refused_is_said_alike_everywhere()
    {
        await using var served = await ServedFolder.StartAsync();
        foreach (var (change, refused) in new (Action<JsonObject>, RefusalClass)[]
        {
            (b => b["extensions"] = new JsonObject { ["budget_policy"] = 1 }, RefusalClass.Policy),
            (b => b.Remove("title"), RefusalClass.BadInput),
        })
        {
            var blueprint = served.Folder.Blueprint.DeepClone().AsObject();
            change(blueprint);
            served.Folder.Save("refused.json", blueprint);
            var command = await served.Folder.RunAsync(
                "job", "submit-blueprint", "refused.json", "--snapshot", JobFolder.Snapshot, "--policy-bundle", "policies.json", "--json");
            var api = await served.PostAsync($"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}", blueprint.ToJsonString());
            Assert.Equal((Exit(refused), Problems.StatusOf(refused)), (command.ExitCode, (int)api.StatusCode));
            var problem = JsonNode.Parse(command.Output)!["problems"]![0]!;
            var answer = JsonNode.Parse(await api.Content.ReadAsStringAsync())!;
            Assert.Equal((string)problem["rule"]!, (string)answer["title"]!);
            Assert.Equal((string)problem["message"]!, (string)answer["errors"]![0]!["message"]!);
        }
    }

    [Fact]
    public async Task A_cursor_that_names_no_place_is_said_alike_everywhere()
    {
        await using var served = await ServedFolder.StartAsync();
        await SameAsync(served, RefusalClass.BadInput, ["job", "list", "--cursor", "nowhere"], "/jobs?cursor=nowhere", "/ui/jobs?cursor=nowhere");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1001")]
    [InlineData("many")]
    public async Task A_limit_that_no_list_has_is_said_alike_everywhere(string limit)
    {
        await using var served = await ServedFolder.StartAsync();
        await served.WaitingAsync();
        await SameAsync(served, RefusalClass.BadInput, ["job", "list", "--limit", limit], $"/jobs?limit={limit}", $"/ui/jobs?limit={limit}");
        await SameAsync(served, RefusalClass.BadInput, ["epoch", "list", "--limit", limit], null);
    }

    /// <summary>As the approved table of all classes has it.</summary>
    private static int Exit(RefusalClass refused) => refused == RefusalClass.Policy ? 6 : 2;

    private static async Task SameAsync(ServedFolder served, RefusalClass refused, string[] command, string? api, string? page = null)
    {
        var json = await served.Folder.RunAsync([.. command, "--json"]);
        Assert.Equal(Exit(refused), json.ExitCode);
        var problem = JsonNode.Parse(json.Output)!["problems"]![0]!;
        if (api is not null) Same(refused, json, await served.Anonymous.GetAsync(api), await served.Folder.RunAsync(command));
        if (page is null) return;
        var shown = await served.Anonymous.GetAsync(page);
        Assert.Equal(Problems.StatusOf(refused), (int)shown.StatusCode);
        Assert.Contains((string)problem["message"]!, WebUtility.HtmlDecode(await shown.Content.ReadAsStringAsync()), StringComparison.Ordinal);
    }

    private static void Same(RefusalClass refused, ProgramResult json, HttpResponseMessage api, ProgramResult text)
    {
        var problem = JsonNode.Parse(json.Output)!["problems"]![0]!;
        var answer = JsonNode.Parse(api.Content.ReadAsStringAsync().GetAwaiter().GetResult())!;
        Assert.Equal(((string)problem["rule"]!, (string)problem["message"]!), ((string)answer["title"]!, (string)answer["detail"]!));
        Assert.Equal((Exit(refused), Problems.StatusOf(refused)), (json.ExitCode, (int)api.StatusCode));
        Assert.Equal((Exit(refused), ""), (text.ExitCode, text.Output));
        Assert.Contains((string)problem["message"]!, text.Error, StringComparison.Ordinal);
    }
}
