using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>
/// The body of a request to an HTTP adapter: its template with <c>{prompt}</c>, <c>{task_id}</c>, <c>{run_id}</c> and <c>{title}</c>
/// filled into texts, and the task's own request in place of a text that is <c>{request}</c>. What only an attempt knows has its place
/// in it.
/// </summary>
internal static class RequestBody
{
    private const string RequestPlace = "{request}";

    /// <param name="runId">The run.</param>
    /// <param name="task">The task.</param>
    /// <param name="template">The adapter's own; null: that of Assay.</param>
    /// <param name="places">What only an attempt knows, and Assay's template says: the keys, with the texts in whose place it comes.</param>
    public static Blob Of(string runId, TaskDocument task, JsonElement? template, IEnumerable<(string Key, string Place)> places)
    {
        var request = task.Request is { } given ? JsonNode.Parse(given.GetRawText()) : null;
        JsonNode body = template is { } declared ? Fill(declared, runId, task, request)! : Default(runId, task, request, places);
        using var document = JsonDocument.Parse(body.ToJsonString());
        return Blob.Of(CanonicalJson.Serialize(document.RootElement));
    }

    /// <summary>Whether a template has a place for something.</summary>
    public static bool Has(JsonElement template, string place) => template.GetRawText().Contains(place, StringComparison.Ordinal);

    private static JsonObject Default(string runId, TaskDocument task, JsonNode? request, IEnumerable<(string Key, string Place)> places)
    {
        var body = new JsonObject
        {
            ["run_id"] = runId,
            ["task_id"] = task.TaskId,
            ["title"] = task.Title,
            ["prompt"] = task.Prompt,
            ["request"] = request,
        };
        foreach (var (key, place) in places) body[key] = place;
        return body;
    }

    private static JsonNode? Fill(JsonElement template, string runId, TaskDocument task, JsonNode? request) => template.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(template.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, Fill(p.Value, runId, task, request)))),
        JsonValueKind.Array => new JsonArray([.. template.EnumerateArray().Select(e => Fill(e, runId, task, request))]),
        JsonValueKind.String when template.GetString() == RequestPlace => request?.DeepClone(),
        JsonValueKind.String => JsonValue.Create(template.GetString()!
            .Replace("{run_id}", runId, StringComparison.Ordinal).Replace("{task_id}", task.TaskId, StringComparison.Ordinal)
            .Replace("{title}", task.Title, StringComparison.Ordinal).Replace("{prompt}", task.Prompt ?? "", StringComparison.Ordinal)),
        _ => JsonNode.Parse(template.GetRawText()),
    };
}
