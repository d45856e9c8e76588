using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Assay.Engine;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Native;

namespace Assay.Tasks;

/// <summary>
/// Reads task queue, routing and adapters of a project once and checks them against each other and this host. Writes nothing.
/// </summary>
internal sealed class TaskLoader
{
    private const string QueueVersion = "task_queue_v1";
    private const string RoutingVersion = "routing_decisions_v1";

    /// <summary>What is recorded of a task that leaves it to its adapter, as earlier builds did, so that their runs go on.</summary>
    private const int DefaultAttempts = 3;


    private readonly string _root;
    private readonly InputDocument _queue;
    private readonly LoadedAdapters _adapters;
    private readonly Dictionary<string, RoutingDecision> _routes;
    private readonly HostCapabilities _host;
    private readonly List<InputProblem> _problems = [];
    private readonly List<Blob> _blobs = [];
    private readonly string _runId;
    private readonly BuiltInCheckRule _checks;
    private readonly Dictionary<string, string?> _git = new(StringComparer.Ordinal);

    private TaskLoader(
        string root, InputDocument queue, LoadedAdapters adapters, Dictionary<string, RoutingDecision> routes, string runId, HostCapabilities host)
    {
        (_root, _queue, _adapters, _routes, _runId, _host) = (root, queue, adapters, routes, runId, host);
        _checks = new BuiltInCheckRule(root, Keep, Refuse);
    }

    /// <summary>The run as it would be declared, or everything that is wrong with its inputs.</summary>
    /// <param name="root">The project.</param>
    /// <param name="runId">The run that the documents must be of.</param>
    /// <param name="adaptersPath">The adapters; null: <c>adapters.json</c>, <c>.yaml</c> or <c>.yml</c> of the project.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="host">What this host can enforce.</param>
    public static Checked<DeclareExecution> Load(string root, string runId, string? adaptersPath, Actor by, HostCapabilities host)
    {
        root = Path.GetFullPath(root).TrimEnd('/');
        if (!StreamName.IsId(runId)) return new InputProblem("--run-id", "", "run_id", $"\"{runId}\" is no run id: letters, digits, _ . -");
        var (queue, queueSha256) = DocumentFile.ReadWithDigest(Path.Combine(root, TaskPaths.Queue), QueueVersion);
        var (routing, routingSha256) = DocumentFile.ReadWithDigest(Path.Combine(root, TaskPaths.Routing), RoutingVersion);
        var path = adaptersPath ?? new[] { "adapters.json", "adapters.yaml", "adapters.yml" }.Select(n => Path.Combine(root, n)).FirstOrDefault(File.Exists) ?? Path.Combine(root, "adapters.json");
        var adapters = AdapterLoader.Load(path, host);
        var problems = queue.Problems.Concat(routing.Problems).Concat(adapters.Problems).ToList();
        if (problems.Count > 0) return Checked<DeclareExecution>.Refused(problems);

        var routes = Routes(routing.Value, runId, problems);
        var loader = new TaskLoader(root, queue.Value, adapters.Value, routes, runId, host);
        var (tasks, protects) = loader.Tasks();
        problems.AddRange(loader._problems);
        if (problems.Count > 0) return Checked<DeclareExecution>.Refused(problems);
        var used = tasks.SelectMany(t => t.AdapterIds).Distinct(StringComparer.Ordinal).Select(id => adapters.Value.Specs[id]).ToImmutableArray();
        var declared = new ExecutionDeclared
        {
            RunId = runId,
            ProjectRoot = root,
            ProjectId = TaskIdentity.ProjectId(root),
            QueueSha256 = queueSha256,
            RoutingSha256 = routingSha256,
            AdaptersSha256 = adapters.Value.Sha256,
            Tasks = tasks.Length,
            SafeModeAfterMs = adapters.Value.SafeModeAfterMs,
            Escalation = adapters.Value.Escalation,
            Own = [.. TaskPaths.Own],
            Protected = protects.IsEmpty ? null : protects,
            By = by,
        };
        return new DeclareExecution(declared, used, tasks, loader._blobs);
    }

    private static Dictionary<string, RoutingDecision> Routes(InputDocument document, string runId, List<InputProblem> problems)
    {
        var routing = document.Root.Deserialize(TaskInputJson.Default.RoutingDocument)!;
        if (routing.RunId != runId) problems.Add(document.Problem("/run_id", "run_id", $"is {routing.RunId}, not {runId}"));
        if (!routing.IsComplete) problems.Add(document.Problem("", "ROUTING_COMPLETE", "must be true: routing has not come to its end"));
        var routes = new Dictionary<string, RoutingDecision>(StringComparer.Ordinal);
        for (var i = 0; i < routing.Decisions.Length; i++)
        {
            var decision = routing.Decisions[i];
            if (!routes.TryAdd(decision.TaskId, decision)) problems.Add(document.Problem($"/decisions/{i}/task_id", "unique", $"{decision.TaskId} is routed twice"));
        }

        return routes;
    }

    /// <summary>The tasks, and what none of them may change.</summary>
    private (ImmutableArray<TaskSpec> Tasks, ImmutableArray<string> Protected) Tasks()
    {
        var queue = _queue.Root.Deserialize(TaskInputJson.Default.TaskQueueDocument)!;
        if (queue.RunId != _runId) Refuse("/run_id", "run_id", $"is {queue.RunId}, not {_runId}");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < queue.Tasks.Length; i++)
        {
            if (!ids.TryAdd(queue.Tasks[i].TaskId, i)) Refuse($"/tasks/{i}/task_id", "unique", $"{queue.Tasks[i].TaskId} is there twice");
        }

        for (var i = 0; i < queue.Tasks.Length; i++)
        {
            for (var d = 0; d < queue.Tasks[i].DependsOn.Length; d++)
            {
                if (!ids.ContainsKey(queue.Tasks[i].DependsOn[d])) Refuse($"/tasks/{i}/depends_on/{d}", "depends_on", $"there is no task {queue.Tasks[i].DependsOn[d]}");
            }
        }

        if (_problems.Count == 0 && Cycle(queue.Tasks, ids) is { } cycle) Refuse($"/tasks/{ids[cycle[0]]}/depends_on", "depends_on", $"the tasks wait for each other: {string.Join(" -> ", cycle)}");
        var tasks = queue.Tasks.Select((task, i) => Load(task, $"/tasks/{i}")).ToImmutableArray();
        foreach (var routed in _routes.Keys.Where(r => !ids.ContainsKey(r))) Refuse("/tasks", "routing", $"{TaskPaths.Routing} routes {routed}, which is not in the queue");
        Globs(queue.Protected, "/protected");
        return (tasks, queue.Protected);
    }

    private TaskSpec Load(TaskDocument task, string pointer)
    {
        var adapters = Route(task, pointer);
        CheckFor(task, pointer, adapters);
        var isManual = adapters.Any(a => a.Kind == AdapterKind.Manual);
        if (task.Instructions is not null && !isManual) Refuse($"{pointer}/instructions", "instructions", "none of its adapters is a person: say it in the prompt");
        if (task.Request is not null && !adapters.Exists(a => a.Kind == AdapterKind.Http)) Refuse($"{pointer}/request", "request", "none of its adapters takes a request");
        var forPerson = isManual && (task.Instructions ?? task.Prompt) is { } text ? Blob.Of(Encoding.UTF8.GetBytes(text)) : null;
        var scope = task.FileScope ?? new ScopeDocument();
        Globs(scope.Write, $"{pointer}/file_scope/write");
        Globs(scope.Forbid, $"{pointer}/file_scope/forbid");
        var tree = Tree(task, pointer);
        var tests = Tests(task, tree, pointer, isManual);
        return new TaskSpec
        {
            TaskId = task.TaskId,
            Title = task.Title,
            Kind = task.Kind,
            Priority = task.Priority,
            DependsOn = task.DependsOn,
            Prompt = task.Prompt is null ? null : Keep(Blob.Of(Encoding.UTF8.GetBytes(task.Prompt))),
            Instructions = forPerson is null ? null : new TaskText(Keep(forPerson), forPerson.Bytes.Length),
            RoutingReason = _routes.GetValueOrDefault(task.TaskId)?.Reason,
            Command = task.Command,
            WorkingTree = tree,
            FileScope = new FileScope(scope.Write, scope.Forbid),
            AcceptanceTests = tests,
            Caps = (task.Budgets ?? new CapsDocument()).ToCaps(CapsDefaults.Task),
            MaxCost = task.Budgets?.MaxCost,
            MaxAttempts = task.MaxAttempts ?? DefaultAttempts,
            LeavesAttemptsToAdapter = task.MaxAttempts is null,
            RetrySafe = task.RetrySafe,
            AdapterIds = [.. adapters.Select(a => a.AdapterId)],
            Bodies = adapters.Where(a => a.Kind == AdapterKind.Http).ToImmutableSortedDictionary(
                a => a.AdapterId, a => Keep(RequestBody.Of(_runId, task, _adapters.Bodies[a.AdapterId], Places(task, adapters))), StringComparer.Ordinal),
            Context = Context(task, pointer, adapters),
        };
    }

    /// <summary>
    /// What Assay's own request says beyond the task: tests can have failed before where one of its adapters tries again after them.
    /// </summary>
    private static IEnumerable<(string Key, string Place)> Places(TaskDocument task, List<AdapterSpec> adapters)
    {
        if (task.Context is not null) yield return ("context", TaskContext.Place);
        if (adapters.Exists(a => a.Retry.OnAcceptance)) yield return ("failed_tests", FailedTest.Place);
    }

    /// <summary>What an attempt is given of its tree: of what it may write the text, unless it says otherwise.</summary>
    private TaskContext? Context(TaskDocument task, string pointer, List<AdapterSpec> adapters)
    {
        if (task.Context is not { } context) return null;
        if (task.WorkingTree is null) Refuse($"{pointer}/context", "context", "means nothing without a working_tree");
        else if (!adapters.Exists(TakesContext))
        {
            const string why = $"none of its adapters takes it: a person works in the copy, and a body has to say {TaskContext.Place}";
            Refuse($"{pointer}/context", "context", why);
        }

        if (context.Globs is { } globs) Globs(globs, $"{pointer}/context/globs");
        return new TaskContext(context.Globs ?? task.FileScope?.Write ?? [], context.MaxBytes ?? TaskContext.DefaultBytes);
    }

    private bool TakesContext(AdapterSpec adapter) => adapter.Kind switch
    {
        AdapterKind.Manual => false,
        AdapterKind.Http => _adapters.Bodies[adapter.AdapterId] is not { } template || RequestBody.Has(template, TaskContext.Place),
        _ => true,
    };

    private List<AdapterSpec> Route(TaskDocument task, string pointer)
    {
        if (!_routes.TryGetValue(task.TaskId, out var route))
        {
            Refuse($"{pointer}/task_id", "routing", $"{TaskPaths.Routing} routes {task.TaskId} to no adapter");
            return [];
        }

        var adapters = new List<AdapterSpec>();
        foreach (var id in route.FallbackAdapterIds.Prepend(route.AdapterId).Distinct(StringComparer.Ordinal))
        {
            if (_adapters.Specs.TryGetValue(id, out var adapter)) adapters.Add(adapter);
            else Refuse($"{pointer}/task_id", "routing", $"{TaskPaths.Routing} routes {task.TaskId} to {id}, which the adapters do not name");
        }

        if (adapters.Count > 1 && adapters.Exists(a => a.Kind == AdapterKind.Manual) && adapters[^1].Kind != AdapterKind.Manual)
        {
            Refuse($"{pointer}/task_id", "routing", $"{task.TaskId}: a person can only be the last fallback");
        }

        return adapters;
    }

    /// <summary>What the task's adapters need of it, and what none of them would ever look at.</summary>
    private void CheckFor(TaskDocument task, string pointer, List<AdapterSpec> adapters)
    {
        foreach (var adapter in adapters)
        {
            var takesCommand = adapter.Command.Contains("{command}");
            if (takesCommand && task.Command.IsEmpty) Refuse(pointer, "command", $"{adapter.AdapterId} runs the task's own command, which it does not have");
            if (adapter.Kind == AdapterKind.Agent) CheckAgent(task, adapter, pointer);
            if (adapter.Kind == AdapterKind.Model && task.Prompt is null) Refuse(pointer, "prompt", $"{adapter.AdapterId} is a model, and the task has no prompt");
            var isSilent = task.Instructions is null && task.Prompt is null;
            if (adapter.Kind == AdapterKind.Manual && isSilent) Refuse(pointer, "instructions", $"{adapter.AdapterId} is a person, and the task has no instructions");
            if (adapter.Answer == AnswerKind.Patch && task.WorkingTree is null) Refuse(pointer, "working_tree", $"{adapter.AdapterId} answers with a patch, and the task has no working_tree");
        }

        if (task.Budgets?.NetworkMaxBytes is not null && !adapters.Exists(a => Grants.Reach(a.Grants).Hosts.Length > 0))
        {
            Refuse($"{pointer}/budgets/network_max_bytes", "network", "none of its adapters lists hosts: list them there, or remove it");
        }

        if (adapters.Exists(RunsCommand)) CheckProgram(task.Command, $"{pointer}/command");
        if (!task.Command.IsEmpty && !adapters.Exists(a => a.Command.Contains("{command}"))) Refuse($"{pointer}/command", "command", "none of its adapters takes {command}");
    }

    private void CheckAgent(TaskDocument task, AdapterSpec adapter, string pointer)
    {
        if (task.Prompt is null) Refuse(pointer, "prompt", $"{adapter.AdapterId} is an agent, and the task has no prompt");
        var caps = (task.Budgets ?? new CapsDocument()).ToCaps(CapsDefaults.Task);
        var (processes, memory, stdout) = AgentTemplate.Floors;
        if (caps.Processes < processes) Refuse($"{pointer}/budgets/processes", "agent", $"agents hang below {processes} processes, threads among them");
        if (caps.MemoryBytes < memory) Refuse($"{pointer}/budgets/memory_mb", "agent", $"agents need {memory >> 20} MiB of memory");
        if (caps.StdoutBytes < stdout) Refuse($"{pointer}/budgets/stdout_max_bytes", "agent", $"agents print all that they do: allow {stdout} bytes");
        if (task.Budgets?.MaxCost is not null && adapter.Agent!.Prices is null)
        {
            Refuse($"{pointer}/budgets/cost_usd", "agent", $"cannot be held: {adapter.AdapterId} names no prices of its model's tokens");
        }
    }

    /// <summary>Whether the task's own program is what starts, and is looked for where this process looks.</summary>
    private static bool RunsCommand(AdapterSpec adapter) =>
        adapter.Command is ["{command}", ..] && adapter.Environment?.ContainsKey("PATH") != true;

    /// <summary>A program with a relative path may be one that a task makes; another has to be there.</summary>
    private void CheckProgram(ImmutableArray<string> command, string pointer)
    {
        if (command is not [var program, ..] || ProgramRule.Missing(program) is not { } missing) return;
        Refuse($"{pointer}/0", "program", missing);
    }

    private ImmutableArray<AcceptanceTest> Tests(TaskDocument task, string? tree, string pointer, bool isManual)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < task.AcceptanceTests.Length; i++)
        {
            var test = task.AcceptanceTests[i];
            var at = $"{pointer}/acceptance_tests/{i}";
            if (!names.Add(test.Name)) Refuse($"{at}/name", "unique", $"{test.Name} is there twice");
            CheckProgram(test.Command, $"{at}/command");
            if (test.Budgets?.MaxCost is not null) Refuse($"{at}/budgets/cost_usd", "cost", "nothing meters what a test costs: remove it");
            Globs(test.Outputs, $"{at}/outputs");
            Globs(test.Schema?.Files ?? [], $"{at}/schema/files");
            SandboxRule.CheckHost(test.Sandbox ?? SandboxLevel.Strict, _host, $"{at}/sandbox", Refuse);
        }

        if (!isManual && !task.AcceptanceTests.Any(t => t.Required ?? true))
        {
            Refuse($"{pointer}/acceptance_tests", "acceptance_tests", $"{task.TaskId} has no required test: nothing would say that it succeeded");
        }

        return
        [
            .. task.AcceptanceTests.Select((t, i) => new AcceptanceTest
            {
                Name = t.Name,
                Kind = t.Kind,
                Command = t.Command.IsEmpty ? [AssayCommand.Path, AssayCommand.ChangeCheck] : t.Command,
                Check = _checks.Load(t, task.FileScope?.Write ?? [], tree, $"{pointer}/acceptance_tests/{i}"),
                Caps = (t.Budgets ?? new CapsDocument()).ToCaps(CapsDefaults.Task),
                Required = t.Required ?? true,
                Parse = t.Parse ?? (t.Command.IsEmpty ? ReportFormat.Tap : ReportFormat.ExitCode),
                Parallel = t.Parallel,
                Outputs = t.Outputs,
                Sandbox = t.Sandbox ?? SandboxLevel.Strict,
                Grants = GrantRule.Load(
                    _root, t.Keys, t.Sandbox ?? SandboxLevel.Strict, _host, $"{pointer}/acceptance_tests/{task.AcceptanceTests.IndexOf(t)}", Refuse),
                Inherit = t.Env,
            }),
        ];
    }

    private string? Tree(TaskDocument task, string pointer)
    {
        if (task.WorkingTree is not { } name)
        {
            if (task.FileScope is not null) Refuse($"{pointer}/file_scope", "file_scope", "means nothing without a working_tree");
            return null;
        }

        var path = Path.GetFullPath(Path.Combine(_root, name)).TrimEnd('/');
        if (path != _root && !path.StartsWith(_root + '/', StringComparison.Ordinal)) Refuse($"{pointer}/working_tree", "path", $"{name} leaves the project");
        else if (!Directory.Exists(path)) Refuse($"{pointer}/working_tree", "path", $"{name} is no folder");
        else if (HostPath.Real(path) != HostPath.Real(_root) + path[_root.Length..])
        {
            Refuse($"{pointer}/working_tree", "path", $"{name} is a link, or lies behind one, which is not followed: name the folder itself");
        }
        else if (!ProgramRule.IsInPath("git")) Refuse($"{pointer}/working_tree", "program", "changes are recorded with git: apt-get install git");
        else if (GitProblem(path) is { } problem) Refuse($"{pointer}/working_tree", "git", problem);
        if (task.FileScope is null) Refuse(pointer, "file_scope", $"{task.TaskId} has a working_tree and does not say what it may write: file_scope.write");
        return path;
    }

    private string? GitProblem(string tree)
    {
        if (!_git.TryGetValue(tree, out var problem)) _git[tree] = problem = TreePreflight.Problem(tree);
        return problem;
    }

    private void Globs(ImmutableArray<string> patterns, string pointer)
    {
        for (var i = 0; i < patterns.Length; i++)
        {
            if (GlobPattern.Parse(patterns[i]) is null) Refuse($"{pointer}/{i}", "glob", $"\"{patterns[i]}\" is no pattern for paths of the tree: src/**, *.md, docs/?.txt");
        }
    }

    private Digest Keep(Blob blob)
    {
        _blobs.Add(blob);
        return blob.Sha256;
    }

    /// <summary>Tasks that wait for each other, the first named again at the end; null when there are none.</summary>
    private static List<string>? Cycle(ImmutableArray<TaskDocument> tasks, Dictionary<string, int> ids)
    {
        var open = tasks.ToDictionary(t => t.TaskId, t => t.DependsOn.Length, StringComparer.Ordinal);
        var dependants = tasks.SelectMany(t => t.DependsOn.Select(d => (Dependency: d, t.TaskId))).ToLookup(p => p.Dependency, p => p.TaskId, StringComparer.Ordinal);
        var ready = new Queue<string>(open.Where(t => t.Value == 0).Select(t => t.Key));
        while (ready.TryDequeue(out var id))
        {
            open.Remove(id);
            foreach (var dependant in dependants[id].Where(d => --open[d] == 0)) ready.Enqueue(dependant);
        }

        if (open.Count == 0) return null;

        // Each that is left waits for another that is left, so a walk along them comes back to itself.
        var path = new List<string>();
        for (var id = open.Keys.First(); ; id = tasks[ids[id]].DependsOn.First(open.ContainsKey))
        {
            if (path.IndexOf(id) is >= 0 and var at) return [.. path[at..], id];
            path.Add(id);
        }
    }

    private void Refuse(string pointer, string rule, string message) => _problems.Add(_queue.Problem(pointer, rule, message));
}
