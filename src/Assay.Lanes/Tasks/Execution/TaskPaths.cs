namespace Assay.Lanes.Tasks;

/// <summary>Where the files of tasks lie.</summary>
internal static class TaskPaths
{
    // In the project.
    public const string Queue = ".state/task_queue.json";
    public const string Routing = ".state/routing_decisions.json";
    public const string Claim = ".state/workspace.json";
    public const string Results = ".state/execution_results.json";
    public const string PatchLedger = ".state/patch_ledger.jsonl";
    public const string ExecutorLog = "logs/executor.jsonl";
    public const string ResilienceLog = "logs/resilience.jsonl";

    /// <summary>What the record of the workspace that has the project writes into it under names that the next one uses too.</summary>
    public static readonly string[] OfRecord = [PatchLedger, Results];

    /// <summary>Paths of a project that are Assay's own and never part of a task's tree.</summary>
    public static readonly string[] Own = [".state", ".ledger", ".assay", "logs"];

    /// <summary>Where a file of the record lies while another workspace has the project.</summary>
    public static string Aside(string path, string key) => path.Insert(path.LastIndexOf('.'), $".{key}");

    public static string Diff(string patchId) => $".state/patches/{patchId}.diff";

    public static string TaskLog(string taskId) => $"logs/execution/{taskId}.jsonl";

    // In the workspace.
    public static string Attempt(string runId, string taskId, int attempt) => $"tasks/{runId}/{taskId}/{attempt}";

    public static string Evidence(string runId, string taskId, string name) => $"tasks/{runId}/{taskId}/evidence/{name}";

    public static string Instructions(string runId, string taskId) => $"tasks/{runId}/{taskId}/instructions.md";

    public static string Test(string runId, string taskId, int attempt, string test) => $"{Attempt(runId, taskId, attempt)}/tests/{test}";

    /// <summary>Holds all copies that an attempt made, also those that were not finished.</summary>
    public static string Copies(string runId, string taskId, int attempt) => $"trees/{runId}/{taskId}/{attempt}";

    public static string Copy(string runId, string taskId, int attempt) => $"{Copies(runId, taskId, attempt)}/copy";

    public static string Check(string adapterId, int number) => $"checks/{adapterId}/{number}";

    public static string Webhook(string runId, string escalationId) => $"tasks/{runId}/escalations/{escalationId}.answer";
}
