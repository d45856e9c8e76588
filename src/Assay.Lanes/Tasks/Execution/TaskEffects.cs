using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>The effects that a run asks for, each named by its kind, its task, and what else tells it from others.</summary>
internal static class TaskEffects
{
    /// <summary>The prompt in the run root.</summary>
    public const string PromptFile = "prompt.md";

    /// <summary>The report of a test in its run root.</summary>
    public const string ReportFile = "report";

    /// <summary>What a model answers, in the run root.</summary>
    public const string AnswerFile = "answer.txt";

    /// <summary>The file in which a model call finds its settings.</summary>
    public const string ModelFile = "model_call.json";

    public const string MeterFile = "meter.jsonl";

    private const string RunVariable = "ASSAY_RUN_ID";
    private const string TaskVariable = "ASSAY_TASK_ID";
    private const string AttemptVariable = "ASSAY_TASK_ATTEMPT";
    private const string FailedTestsVariable = "ASSAY_FAILED_TESTS";
    private const string ContextVariable = "ASSAY_CONTEXT";

    /// <summary>Variables that every adapter's process is given, which a document cannot set.</summary>
    public static readonly ImmutableArray<string> Variables = [RunVariable, TaskVariable, AttemptVariable, FailedTestsVariable, ContextVariable];

    /// <summary>No report or patch that is answered is larger.</summary>
    private const long MaxDocumentBytes = 16L << 20;

    /// <summary>The task that an effect brings on; null for what is done beside the tasks.</summary>
    public static string? TaskOf(string effectId) => TaskEffectId.Parse(effectId).TaskId;

    /// <summary>Asks an adapter's breaker whether the task may call it.</summary>
    public static ChildStream AskPermit(ExecutionState state, TaskState task, string adapterId) =>
        new(Id(TaskEffectId.Permit, task, adapterId))
        {
            Stream = AdapterLane.StreamOf(adapterId),
            Command = new AskPermit(task.Ticket(state.Declared.RunId, task.Attempts + 1), task.Spec.Caps.KillMs + ProbeGraceMs),
        };

    /// <summary>What a probe may take beyond its time cap before it is given up.</summary>
    private const long ProbeGraceMs = 60_000;

    public static CopyTree CopyOf(ExecutionState state, TaskState task) => new(Id(TaskEffectId.Copy, task))
    {
        From = task.Spec.WorkingTree!,
        To = TaskPaths.Copy(state.Declared.RunId, task.Spec.TaskId, task.Attempts),
        IsProject = task.Spec.WorkingTree == state.Declared.ProjectRoot,
        Exclude = Excluded(state, task),
    };

    /// <summary>Files of Assay's own, and keys, are no part of a task's tree.</summary>
    private static ImmutableArray<string> Excluded(ExecutionState state, TaskState task) =>
    [
        .. task.Spec.WorkingTree == state.Declared.ProjectRoot ? state.Declared.Own : [],
        .. KeyRule.In(state, task.Spec.WorkingTree!),
    ];

    /// <summary>The adapter's part.</summary>
    public static Effect ActOf(ExecutionState state, TaskState task)
    {
        var adapter = state.AdapterOf(task);
        return adapter.Kind switch
        {
            AdapterKind.Process => Program(state, task, adapter),
            AdapterKind.Model => Model(state, task, adapter),
            AdapterKind.Agent => Agent(state, task, adapter),
            AdapterKind.Http => Request(state, task, adapter),
            _ => throw new InvalidOperationException($"{adapter.AdapterId} is asked by nobody but a person"),
        };
    }

    /// <summary>Applies an answered patch to the copy, by git, without network and without a way out of it.</summary>
    public static RunProcess AnswerOf(ExecutionState state, TaskState task)
    {
        var folder = TaskPaths.Attempt(state.Declared.RunId, task.Spec.TaskId, task.Attempts);
        return Process(Id(TaskEffectId.Answer, task), $"{folder}/answer") with
        {
            Command = ["git", "apply", "--whitespace=nowarn", $"{{run_root}}/{AnswerFile}"],
            Inherit = ["PATH"],
            Environment = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
                .Add("GIT_CONFIG_GLOBAL", "/dev/null").Add("GIT_CONFIG_SYSTEM", "/dev/null").Add("GIT_CONFIG_COUNT", "1").Add("GIT_CONFIG_KEY_0", "safe.directory").Add("GIT_CONFIG_VALUE_0", "*"),
            Documents = [new StagedBlob(AnswerFile, task.Attempt!.Attempted!.Answer!.Value)],
            WorkFolder = task.Attempt.Copy!.Work,
            Caps = new ProcessCaps { TimeMs = 60_000, KillMs = 61_000, StdoutBytes = 1 << 20, StderrBytes = 1 << 20 },
            Sandbox = SandboxLevel.Strict,
        };
    }

    public static CaptureChanges CaptureOf(TaskState task) => new(Id(TaskEffectId.Capture, task)) { Folder = task.Attempt!.Copy!.Folder, Origin = task.Spec.WorkingTree! };

    /// <summary>Brings the change into the copy that has stayed as the tree was; there it is tested.</summary>
    public static PrepareCopy PrepareOf(TaskState task) =>
        new(Id(TaskEffectId.Prepare, task))
        {
            Folder = task.Attempt!.Copy!.Folder,
            Tree = task.Attempt.Copy.TreeSha256,
            Changes = task.Patch?.ChangesSha256,
        };

    /// <summary>Makes the copy in which a test runs that others run beside.</summary>
    public static PlaceCopy PlaceOf(TaskState task, AcceptanceTest test) =>
        new(Id(TaskEffectId.Place, task, test.Name))
        {
            Folder = task.Attempt!.Copy!.Folder,
            Name = CopyName(test),
            Origin = task.Spec.WorkingTree!,
        };

    /// <summary>Sees what a test has changed in its copy, and puts that back.</summary>
    public static CheckCopy CheckOf(TaskState task, AcceptanceTest test) =>
        new(Id(TaskEffectId.Check, task, test.Name))
        {
            Folder = task.Attempt!.Copy!.Folder,
            Name = CopyName(test),
            Origin = task.Spec.WorkingTree!,
        };

    /// <summary>Puts back what a test that was cut short has changed.</summary>
    public static CheckCopy ResetOf(TaskState task, AcceptanceTest test) => CheckOf(task, test) with { Id = Id(TaskEffectId.Reset, task, test.Name) };

    private static string CopyName(AcceptanceTest test) => test.Parallel ? $"test-{test.Name}" : CopyOutcome.BaseName;

    public static RunProcess TestOf(ExecutionState state, TaskState task, AcceptanceTest test)
    {
        var folder = TaskPaths.Test(state.Declared.RunId, task.Spec.TaskId, task.Attempts, test.Name);
        var process = Process(Id(TaskEffectId.Test, task, test.Name), folder) with
        {
            Command = [.. test.Command.Select(w => w.Replace("{report}", $"{{run_root}}/{ReportFile}", StringComparison.Ordinal))],
            Inherit = ChildEnvironment.With(test.Inherit),
            WorkFolder = task.Attempt?.Copy is { } copy ? $"{copy.Folder}/{CopyName(test)}" : null,
            Collect = [new CollectedName(ReportFile, MaxDocumentBytes, Content: true)],
            Caps = test.Caps,
            Sandbox = test.Sandbox,
            Readable = Grants.Readable(test.Grants, test.Command[0]),
            Hidden = [.. Grants.Hidden(test.Grants), .. KeyRule.Of(state)],
            Network = Grants.Reach(test.Grants),
            Live = true,
            ShowsStderr = true,
        };
        return test.Check?.Dress(process, task) ?? process;
    }

    public static ChildStream CommitOf(ExecutionState state, TaskState task)
    {
        var commit = new CommitPatch(state.Declared.ProjectRoot, task.Patch!) { Tested = TestedOf(state, task) };
        return Project(state, Id(TaskEffectId.Commit, task), commit, untilEnd: true);
    }

    private static TestedTree TestedOf(ExecutionState state, TaskState task) =>
        new(task.Attempt!.Copy!.TreeSha256, task.Attempt.Copy.Folder, Excluded(state, task));

    public static Effect FollowUpOf(ExecutionState state, string id, FollowUp followUp) => followUp switch
    {
        ReportFollowUp report => new ChildStream(id)
        {
            Stream = AdapterLane.StreamOf(report.AdapterId),
            Command = new ReportCall(report.Ticket, report.Report),
        },
        CleanFollowUp clean => ReleaseOf(state, id, clean),
        PatchFollowUp patch => Project(state, id, new MovePatch(state.Declared.ProjectRoot, patch.Patch, patch.Through, patch.Reason)),
        WebhookFollowUp webhook => EscalationRule.Call(state, id, webhook),
        PublishFollowUp => Project(
            state, id, new PublishResults(state.Declared.ProjectRoot, state.Declared.RunId, ExecutionResults.Of(state)), untilEnd: true),
        _ => throw new InvalidOperationException($"unknown followUp {followUp}"),
    };

    private static ReleaseCopies ReleaseOf(ExecutionState state, string id, CleanFollowUp clean)
    {
        var task = state.Task(clean.TaskId);
        var copy = CopyOf(state, task);
        return new ReleaseCopies(id)
        {
            Folder = clean.Folder,
            From = copy.From,
            IsProject = copy.IsProject,
            Exclude = copy.Exclude,
            IsChecked = task.Phase == TaskPhase.Completed && task.Attempts == clean.Attempt,
        };
    }

    private static ChildStream Project(ExecutionState state, string id, Kernel.Streams.Command command, bool untilEnd = false) => new(id)
    {
        Stream = ProjectLane.StreamOf(state.Declared.ProjectId),
        Command = command,
        UntilEnd = untilEnd,
    };

    private static string Id(string kind, TaskState task, string? detail = null) => new TaskEffectId(kind, task.Spec.TaskId, detail).ToString();

    private static RunProcess Program(ExecutionState state, TaskState task, AdapterSpec adapter)
    {
        var takesFile = adapter.Command.Any(w => w.Contains("{prompt_file}", StringComparison.Ordinal));
        return Adapter(state, task, adapter) with
        {
            Command = [.. adapter.Command.SelectMany(word => word == "{command}" ? task.Spec.Command : [Fill(word, task)])],
            StdinDocument = takesFile ? null : task.Spec.Prompt,
        };
    }

    private static RunProcess Model(ExecutionState state, TaskState task, AdapterSpec adapter) => Adapter(state, task, adapter) with
    {
        Command = adapter.Command,
        Texts = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
            .Add(ModelFile, System.Text.Encoding.UTF8.GetString(Kernel.Json.CanonicalJson.Serialize(adapter.Model!, TaskJson.Default.ModelCall))),
        WorkFolder = null,
        Environment = Given(task)
            .Add("ASSAY_MODEL_CALL", $"{{run_root}}/{ModelFile}").Add("ASSAY_MODEL_PROMPT", $"{{run_root}}/{PromptFile}")
            .Add("ASSAY_MODEL_ANSWER", $"{{run_root}}/{AnswerFile}").Add("ASSAY_MODEL_METER", $"{{run_root}}/{MeterFile}"),
        Readable = [.. Grants.Folder(adapter.Command[0]), .. Grants.Readable(adapter.Grants, adapter.Command[0]), .. adapter.Model!.ApiKeyFile is { } key ? new[] { key } : []],
        Network = adapter.Model!.Reach(adapter.Grants),
        Collect = [new CollectedName(AnswerFile, MaxDocumentBytes, Content: true) { Keep = true }],
    };

    /// <summary>The prompt is its standard input, with a word on tests that failed before.</summary>
    private static RunProcess Agent(ExecutionState state, TaskState task, AdapterSpec adapter)
    {
        var process = Adapter(state, task, adapter) with
        {
            Command = adapter.Command,
            StdinDocument = task.Spec.Prompt,
            Stdin = task.FailedTests.IsEmpty ? null : $"\n\nAcceptance tests failed on an earlier attempt. What they printed is in the file ${FailedTestsVariable}.\n",
        };
        var folder = TaskPaths.Attempt(state.Declared.RunId, task.Spec.TaskId, task.Attempts);
        return AgentTemplate.Dress(process, adapter.Agent!, folder, CostLeft(task));
    }

    private static RunProcess Adapter(ExecutionState state, TaskState task, AdapterSpec adapter) =>
        Process(Id(TaskEffectId.Act, task), TaskPaths.Attempt(state.Declared.RunId, task.Spec.TaskId, task.Attempts)) with
        {
            Inherit = ChildEnvironment.With(adapter.Inherit),
            Environment = Given(task).SetItems(adapter.Environment ?? ImmutableSortedDictionary<string, string>.Empty)
                .SetItem(RunVariable, state.Declared.RunId).SetItem(TaskVariable, task.Spec.TaskId).SetItem(AttemptVariable, task.Attempts.ToString()),
            Documents = [.. Staged(PromptFile, task.Spec.Prompt), .. Staged(TaskContext.File, task.Attempt?.Context?.Sha256)],
            Joined = task.FailedTests.IsEmpty ? [] : [FailedTest.Given(task, FailedTest.File)],
            Pinned = adapter.Pinned,
            Readable = [.. adapter.Pinned.Select(p => p.Path), .. Grants.Readable(adapter.Grants, adapter.Command[0])],
            Hidden = [.. Grants.Hidden(adapter.Grants), .. KeyRule.Of(state).Except(Own(adapter))],
            Network = Grants.Reach(adapter.Grants),
            WorkFolder = task.Attempt?.Copy?.Work,
            Meter = new CostMeter(MeterFile, CostLeft(task)),
            Caps = task.Spec.Caps,
            Sandbox = adapter.Sandbox,
            Live = true,
        };

    /// <summary>Variables that name what an attempt is given besides its prompt.</summary>
    private static ImmutableSortedDictionary<string, string> Given(TaskState task)
    {
        var variables = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        if (!task.FailedTests.IsEmpty) variables = variables.Add(FailedTestsVariable, $"{{run_root}}/{FailedTest.File}");
        return task.Attempt?.Context is null ? variables : variables.Add(ContextVariable, $"{{run_root}}/{TaskContext.File}");
    }

    private static IEnumerable<StagedBlob> Staged(string name, Digest? sha256) => sha256 is { } document ? [new StagedBlob(name, document)] : [];

    /// <summary>What a model call has to read, which is a program of Assay's own.</summary>
    private static IEnumerable<string> Own(AdapterSpec adapter) => adapter.Kind == AdapterKind.Model ? KeyRule.Of(adapter) : [];

    private static CallHttp Request(ExecutionState state, TaskState task, AdapterSpec adapter) => new(Id(TaskEffectId.Act, task))
    {
        Method = adapter.Method,
        Url = adapter.Url!,
        Headers = adapter.Headers.SetItem("Idempotency-Key", task.Ticket(state.Declared.RunId)),
        BodyDocument = task.Spec.Bodies[adapter.AdapterId],
        Places =
        [
            .. adapter.Retry.OnAcceptance ? new[] { FailedTest.Given(task, FailedTest.Place) } : [],
            .. task.Spec.Context is null ? [] : new[] { TaskContext.Given(task) },
        ],
        TimeoutMs = task.Spec.Caps.TimeMs,
        MaxResponseBytes = adapter.MaxResponseBytes,
        MaxTries = adapter.Retry.MaxAttempts,
        Pauses = adapter.Retry.Pauses,
        ResponseFile = $"{TaskPaths.Attempt(state.Declared.RunId, task.Spec.TaskId, task.Attempts)}/answer.body",
        Rate = adapter.RateLimit,
        Keep = adapter.Answer == AnswerKind.Patch,
    };

    private static RunProcess Process(string id, string folder) => new(id)
    {
        Command = [],
        Environment = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal),
        Inherit = [],
        RunRoot = $"{folder}/root",
        StdoutFile = $"{folder}/stdout.log",
        StderrFile = $"{folder}/stderr.log",
        Caps = new ProcessCaps { TimeMs = 0, KillMs = 0, StdoutBytes = 0, StderrBytes = 0 },
        Sandbox = SandboxLevel.Strict,
    };

    private static string Fill(string word, TaskState task) => word
        .Replace("{prompt_file}", $"{{run_root}}/{PromptFile}", StringComparison.Ordinal)
        .Replace("{task_id}", task.Spec.TaskId, StringComparison.Ordinal)
        .Replace("{working_tree}", "{work_folder}", StringComparison.Ordinal);

    /// <summary>What attempts before have left of a task's budget of money, which is one for all of them; null: it has none.</summary>
    public static Usd? CostLeft(TaskState task) => task.Spec.MaxCost?.Less(task.Cost);
}
