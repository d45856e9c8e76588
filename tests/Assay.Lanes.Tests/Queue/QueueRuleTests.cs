using System.Text;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Lanes.Queue;

namespace Assay.Tests.Queue;

/// <summary>What is refused of <c>queue.json</c>, with the place and the rule.</summary>
public sealed class QueueRuleTests
{
    private static readonly Dictionary<string, string> NothingKnown = [];

    [Theory]
    [InlineData("""{"id":"a","command":"ls"}""")]
    [InlineData("""{"id":"a","shell":["ls","-la"]}""")]
    [InlineData("""{"id":"a","prompt":"x"}""")]
    [InlineData("""{"id":"a","instruction":"x","status":"pending","type":"cycle","depends_on":[],"parallel_safe":true}""")]
    [InlineData("""{"id":"a","description":"x","mode":"llm","max_tokens":1,"temperature":0,"timeout":0.5,"max_budget":0,"min_budget":0}""")]
    [InlineData("""{"id":"a","task":"x","notes":{"any":[1]}}""")]
    [InlineData("""{"id":"a","prompt":"x","depends_on":["old"]}""")]
    [InlineData("""{"id":"a","command":"git status","mode":"local","working_tree":"."}""")]
    [InlineData("""{"id":"a","prompt":"x","working_tree":".","file_scope":{"write":["docs/**"]},"answer":"patch","requires_approval":true}""")]
    public void What_the_contract_allows_is_taken(string task) => Assert.Empty(Problems(Queue(task)));

    [Theory]
    [InlineData("/tasks/0", "{}")]
    [InlineData("/tasks/0", """{"id":"a"}""")]
    [InlineData("/tasks/0", """{"id":"a","prompt":"x","command":"ls"}""")]
    [InlineData("/tasks/0", """{"id":"a","prompt":"x","description":"y"}""")]
    [InlineData("/tasks/0/id", """{"id":"-a","prompt":"x"}""")]
    [InlineData("/tasks/0/id", """{"id":"../a","prompt":"x"}""")]
    [InlineData("/tasks/0/command", """{"id":"a","command":[]}""")]
    [InlineData("/tasks/0/command", """{"id":"a","command":[1]}""")]
    [InlineData("/tasks/0/prompt", """{"id":"a","prompt":""}""")]
    [InlineData("/tasks/0/type", """{"id":"a","prompt":"x","type":"other"}""")]
    [InlineData("/tasks/0/mode", """{"id":"a","prompt":"x","mode":"local"}""")]
    [InlineData("/tasks/0/mode", """{"id":"a","command":"ls","mode":"llm"}""")]
    [InlineData("/tasks/0/status", """{"id":"a","prompt":"x","status":"approved"}""")]
    [InlineData("/tasks/0/status", """{"id":"a","prompt":"x","status":"in_progress"}""")]
    [InlineData("/tasks/0/depends_on/0", """{"id":"a","prompt":"x","depends_on":["nobody"]}""")]
    [InlineData("/tasks/0/depends_on", """{"id":"a","prompt":"x","depends_on":["a"]}""")]
    [InlineData("/tasks/0/depends_on", """{"id":"a","prompt":"x","depends_on":["old","old"]}""")]
    [InlineData("/tasks/0/min_budget", """{"id":"a","prompt":"x","min_budget":0.2}""")]
    [InlineData("/tasks/0/max_budget", """{"id":"a","prompt":"x","max_budget":-1}""")]
    [InlineData("/tasks/0/timeout", """{"id":"a","prompt":"x","timeout":0}""")]
    [InlineData("/tasks/0/sandbox", """{"id":"a","prompt":"x","sandbox":"none"}""")]
    [InlineData("/tasks/0/parallel_safe", """{"id":"a","prompt":"x","parallel_safe":"no"}""")]
    [InlineData("/tasks/0", """{"id":"a","prompt":"x","file_scope":{"write":["a"]}}""")]
    [InlineData("/tasks/0", """{"id":"a","prompt":"x","answer":"patch"}""")]
    [InlineData("/tasks/0/id", """{"id":"old","prompt":"x"}""", "/completed/0/id")]
    public void What_it_does_not_is_refused_with_its_place(string pointer, string task, string? or = null)
    {
        var problems = Problems(Queue(task));
        Assert.Contains(problems, p => p.Pointer == pointer || p.Pointer == or || p.Pointer.StartsWith(pointer + "/", StringComparison.Ordinal));
        Assert.All(problems, static p => Assert.NotNull(p.Line));
    }

    [Theory]
    [InlineData("version", "\"2.0\"")]
    [InlineData("version", "1.1")]
    [InlineData("api_endpoint", "\"http://example.com:8420\"")]
    [InlineData("api_endpoint", "\"https://127.0.0.1:8420\"")]
    [InlineData("api_endpoint", "\"http://127.0.0.1\"")]
    [InlineData("api_endpoint", "\"http://127.0.0.1:99999\"")]
    [InlineData("api_endpoint", "\"http://127.0.0.1.example.com:80\"")]
    [InlineData("api_endpoint", "\"http://user@127.0.0.1:80\"")]
    [InlineData("api_endpoint", "\"http://127.0.0.1:8420/x\"")]
    [InlineData("tasks", "{}")]
    [InlineData("completed", "[{\"id\":\"x\",\"status\":\"pending\"}]")]
    [InlineData("failed", null)]
    public void So_is_the_head(string key, string? value)
    {
        var queue = Queue("""{"id":"a","prompt":"x"}""");
        if (value is null) queue.Remove(key);
        else queue[key] = JsonNode.Parse(value);
        Assert.NotEmpty(Problems(queue));
    }

    [Fact]
    public void A_long_circle_is_found_without_end_of_the_stack()
    {
        var tasks = Enumerable.Range(0, QueueRule.MaxTasks).Select(static i => (JsonNode)new JsonObject
        {
            ["id"] = $"t{i}",
            ["prompt"] = "x",
            ["depends_on"] = new JsonArray($"t{(i + 1) % QueueRule.MaxTasks}"),
        });
        var queue = Queue();
        queue["tasks"] = new JsonArray([.. tasks]);
        Assert.Contains("depends on itself", Assert.Single(Problems(queue)).Message, StringComparison.Ordinal);
        queue["tasks"]!.AsArray().Add(JsonNode.Parse("""{"id":"more","prompt":"x"}"""));
        Assert.Contains(Problems(queue), static p => p.Rule == "max_tasks");
    }

    [Fact]
    public void A_status_that_Assay_wrote_may_stay()
    {
        var document = Read(Queue("""{"id":"a","prompt":"x","status":"in_progress"}""")).Value;
        Assert.Empty(QueueRule.Problems(document, new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "in_progress" }));
        Assert.Contains("the task is pending_review", Assert.Single(QueueRule.Problems(document, new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "pending_review" })).Message, StringComparison.Ordinal);
    }

    private static JsonObject Queue(params string[] tasks) => new()
    {
        ["version"] = "1.1",
        ["api_endpoint"] = "http://127.0.0.1:8420",
        ["tasks"] = new JsonArray([.. tasks.Select(static t => JsonNode.Parse(t))]),
        ["completed"] = new JsonArray(JsonNode.Parse("""{"id":"old","status":"approved","ended_at":"2026-01-01T00:00:00Z","budget_used":0.004}""")),
        ["failed"] = new JsonArray(),
    };

    private static Checked<InputDocument> Read(JsonObject queue) =>
        ContractCatalog.Of("queue_v1").CheckUnnamed(InputDocument.Read(Encoding.UTF8.GetBytes(queue.ToJsonString()), "queue.json").Value);

    private static IReadOnlyList<InputProblem> Problems(JsonObject queue)
    {
        var read = Read(queue);
        return read.IsValid ? [.. QueueRule.Problems(read.Value, NothingKnown)] : read.Problems;
    }
}
