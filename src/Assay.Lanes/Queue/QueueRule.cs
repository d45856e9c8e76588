using System.Net;
using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Lanes.Queue;

/// <summary>What a queue must keep beyond its contract.</summary>
internal static class QueueRule
{
    /// <summary>The most tasks that have not ended.</summary>
    public const int MaxTasks = 2_048;

    /// <summary>The most bytes of <c>queue.json</c>.</summary>
    public const int MaxBytes = 4 << 20;

    private static readonly string[] Commands = ["command", "shell"];

    /// <summary>Everything that is wrong with a document that satisfies its contract.</summary>
    /// <param name="document">The document.</param>
    /// <param name="known">The tasks of the ledger, by id: how each stands. Only of these a person may leave another status than pending as it is written.</param>
    public static IEnumerable<InputProblem> Problems(InputDocument document, IReadOnlyDictionary<string, string> known)
    {
        var root = document.Root;
        if (Endpoint(root.GetProperty("api_endpoint").GetString()!) is { } wrong) yield return document.Problem("/api_endpoint", "loopback", wrong);
        var tasks = root.GetProperty("tasks").EnumerateArray().ToList();
        if (tasks.Count > MaxTasks) yield return document.Problem("/tasks", "max_tasks", $"has {tasks.Count} tasks; a queue has at most {MaxTasks} that have not ended");
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (list, at, task) in All(root))
        {
            var id = task.GetProperty("id").GetString()!;
            var pointer = $"/{list}/{at}";
            if (!ids.TryAdd(id, pointer)) yield return document.Problem($"{pointer}/id", "unique", $"{id} is there twice; the first stands at {ids[id]}");
        }

        for (var i = 0; i < tasks.Count; i++)
        {
            foreach (var problem in OfTask(document, tasks[i], $"/tasks/{i}", ids, known)) yield return problem;
        }

        if (Cycle(tasks) is { } cycle)
        {
            var at = tasks.FindIndex(t => t.GetProperty("id").GetString() == cycle[0]);
            yield return document.Problem($"/tasks/{at}/depends_on", "circular", $"depends on itself: {string.Join(" → ", cycle)}");
        }
    }

    private static IEnumerable<(string List, int At, JsonElement Task)> All(JsonElement root)
    {
        foreach (var list in (string[])["tasks", "completed", "failed"])
        {
            var at = 0;
            foreach (var task in root.GetProperty(list).EnumerateArray()) yield return (list, at++, task);
        }
    }

    private static IEnumerable<InputProblem> OfTask(
        InputDocument document, JsonElement task, string pointer, Dictionary<string, string> ids, IReadOnlyDictionary<string, string> known)
    {
        var id = task.GetProperty("id").GetString()!;
        var isCommand = Commands.Any(name => task.TryGetProperty(name, out _));
        if (task.TryGetProperty("mode", out var mode) && (mode.GetString() == "local") != isCommand)
        {
            var meant = isCommand ? "local: a command is given" : "llm: a prompt is given";
            yield return document.Problem($"{pointer}/mode", "mode", $"must be {meant}");
        }

        if (task.TryGetProperty("status", out var status) && status.GetString() != known.GetValueOrDefault(id, "pending"))
        {
            var now = known.TryGetValue(id, out var stands) ? $"the task is {stands}" : "the task is new, so it is pending";
            yield return document.Problem($"{pointer}/status", "status", $"is written by Assay, and {now}: leave it as it is");
        }

        if (Number(task, "min_budget", 0m) > Number(task, "max_budget", 0.10m))
        {
            yield return document.Problem($"{pointer}/min_budget", "min_budget", "is more than max_budget, so it could never start");
        }

        if (!task.TryGetProperty("depends_on", out var dependencies)) yield break;
        var at = 0;
        foreach (var dependency in dependencies.EnumerateArray())
        {
            if (!ids.ContainsKey(dependency.GetString()!) && !known.ContainsKey(dependency.GetString()!))
            {
                yield return document.Problem($"{pointer}/depends_on/{at}", "depends_on", $"there is no task {dependency.GetString()}");
            }

            at++;
        }
    }

    private static decimal Number(JsonElement task, string name, decimal standard) => task.TryGetProperty(name, out var value) ? value.GetDecimal() : standard;

    /// <summary>What is wrong with an address; null: it is one of loopback, with a port and nothing else.</summary>
    private static string? Endpoint(string text)
    {
        const string example = "http://127.0.0.1:8420";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp) return $"must be an address of http, such as {example}";
        var isLoopback = url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        if (!isLoopback) return $"must be on loopback, such as {example}: whoever reaches it can have work done";
        return text.TrimEnd('/') == $"http://{url.Host}:{url.Port}" ? null : $"must name a port and nothing else, such as {example}";
    }

    /// <summary>Tasks of which each depends on the next, and the last on the first; null: there are none.</summary>
    private static List<string>? Cycle(List<JsonElement> tasks)
    {
        var needs = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var task in tasks)
        {
            var own = task.TryGetProperty("depends_on", out var list) ? list.EnumerateArray().Select(static d => d.GetString()!).ToList() : [];
            needs.TryAdd(task.GetProperty("id").GetString()!, own);
        }

        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in needs.Keys)
        {
            // Without recursion, since a chain may be as long as the queue.
            var path = new List<string>();
            var onPath = new HashSet<string>(StringComparer.Ordinal);
            var open = new Stack<(string Id, bool IsLeft)>([(start, false)]);
            while (open.TryPop(out var next))
            {
                if (next.IsLeft)
                {
                    path.RemoveAt(path.Count - 1);
                    onPath.Remove(next.Id);
                    done.Add(next.Id);
                    continue;
                }

                if (onPath.Contains(next.Id)) return [.. path.SkipWhile(id => id != next.Id), next.Id];
                if (done.Contains(next.Id) || !needs.TryGetValue(next.Id, out var on)) continue;
                path.Add(next.Id);
                onPath.Add(next.Id);
                open.Push((next.Id, true));
                foreach (var id in on) open.Push((id, false));
            }
        }

        return null;
    }
}
