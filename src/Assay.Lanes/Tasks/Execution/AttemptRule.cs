using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>
/// What the outcome of an adapter's part means: success, or a failure that may or may not be tried again, and what it says of the
/// adapter.
/// </summary>
internal static class AttemptRule
{
    private const int MaxReason = 1_000;

    private const string CrashWords = "crashed: ";
    private const string EngineFailed = "the engine could not bring it to its end";

    public static TaskAttempted Judge(TaskState task, AdapterSpec adapter, EffectReport report) => report switch
    {
        EffectCompleted { Outcome: ProcessOutcome run } done => OnProcess(task, adapter, run, done.Evidence),
        EffectCompleted { Outcome: HttpOutcome http } done => OnHttp(task, adapter, http, done.Evidence),
        EffectLost lost => Of(task, AttemptResult.Interrupted, lost.Reason, task.Spec.RetrySafe, AdapterReport.Unknown) with
        {
            // What it had asked its model by then is in the log of its gateway, and was paid for; what was under way, nobody knows.
            Cost = lost.CostAtMost ?? default,
            IsCostUnknown = adapter.Kind == AdapterKind.Agent,
        },
        _ => throw new InvalidOperationException($"an adapter's part does not end with {report}"),
    };

    /// <summary>Why a process did not do what it was started for; null when it did.</summary>
    public static string? ProcessProblem(ProcessOutcome run, IReadOnlyCollection<int> successCodes) => ProcessEnding.Of(run) switch
    {
        ProcessEnding.NotStarted ending => $"{CrashWords}it could not be started: {ending.Why}",
        ProcessEnding.NoEnd ending => $"{EngineFailed}: {ending.Why}",
        ProcessEnding.ChangedInputs ending => $"{string.Join(", ", ending.Names)} is not what it was when the run was declared",
        ProcessEnding.MeterUnreadable ending => ending.Kill is { } reason ? Killed(reason, run) : ending.Why,
        ProcessEnding.Killed ending => Killed(ending.Reason, run),
        ProcessEnding.Signalled ending => $"{CrashWords}signal {ending.Signal} ended it{Guess(run)}",
        ProcessEnding.Exited ending => successCodes.Contains(ending.Code) ? null : $"exit code {ending.Code}{Guess(run)}",
        var ending => throw new InvalidOperationException($"unknown ending {ending}"),
    };

    private static string Guess(ProcessOutcome run) => ProcessEnding.Guess(run) is { } guess ? $" ({guess})" : "";

    private static string Killed(KillReason kill, ProcessOutcome run) => kill switch
    {
        KillReason.Timeout or KillReason.Deadline => $"it ran longer than {run.Caps.Time.Limit} ms",
        KillReason.OutputLimit => $"it printed more than {run.Caps.Stdout.Limit} bytes",
        KillReason.MemoryLimit => $"it took more than {run.Caps.Memory.Limit} bytes of memory",
        KillReason.ProcessLimit => $"it started more than {run.Caps.Processes.Limit} processes",
        KillReason.CpuLimit => $"it took more than {run.Caps.CpuTime.Limit} ms of processor time",
        KillReason.DiskLimit => $"it wrote more than {run.Caps.Disk.Limit} bytes",
        KillReason.NetworkLimit => $"it exchanged more than {run.Caps.Network?.Limit} bytes with the hosts that it may reach",
        KillReason.CaptureFailed => "what it printed could not be kept: is the disk full?",
        KillReason.CostLimit => run.MeterProblem ?? run.Gateway?.Reason ?? "it spent more than its budget",
        KillReason.ModelUnreachable => run.Gateway?.Reason ?? "model not reachable",
        KillReason.Cancelled => "it was cancelled",
        _ => throw new InvalidOperationException($"unknown reason {kill}"),
    };

    private static TaskAttempted OnProcess(TaskState task, AdapterSpec adapter, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var agent = adapter.Kind == AdapterKind.Agent ? AgentStream.Read(evidence.GetValueOrDefault("stdout").Span) : null;
        TaskAttempted Result(AttemptResult result, string? reason, bool canRetry, AdapterReport health, Digest? answer = null) =>
            Of(task, result, reason, canRetry, health) with
            {
                Answer = answer,
                Cost = run.Cost ?? run.Gateway?.CostAtMost ?? default,
                IsCostUnknown = agent is not null && run.Cost is null,
                DurationMs = run.DurationMs,
                Agent = agent,
            };

        if (run.KillReason == KillReason.Cancelled) return Result(AttemptResult.Interrupted, "it was cancelled", task.Spec.RetrySafe, AdapterReport.Unknown);
        if (run.Gateway is { Stop: GatewayStop.Unreachable, Reason: { } unreachable })
        {
            return Result(AttemptResult.Failed, unreachable, task.Spec.RetrySafe || LeavesNothing(adapter), AdapterReport.Failed);
        }

        if ((ProcessProblem(run, adapter.SuccessCodes) ?? AgentProblem(agent)) is { } problem)
        {
            if (agent?.Error is { } said && run.KillReason is null) problem = $"{problem}: {said}";
            // What was never started did nothing.
            var canRetry = task.Spec.RetrySafe || run.StartError is not null;
            var spent = run.MeterProblem is null && run is { KillReason: KillReason.CostLimit } or { KillReason: null, Gateway.Stop: GatewayStop.Spent };
            if (spent && task.Spec.MaxCost is { } limit) problem = $"{problem}; {Spent(limit, task, run)}";
            var result = run.KillReason is KillReason.Timeout or KillReason.Deadline ? AttemptResult.TimedOut : AttemptResult.Failed;
            var health = spent ? AdapterReport.Worked : run.Problem is not null ? AdapterReport.Unknown : AdapterReport.Failed;
            return Result(result, problem, canRetry && !spent, health) with { Crashed = IsCrash(run), OverBudget = spent };
        }

        if (adapter.Kind != AdapterKind.Model) return Result(AttemptResult.Succeeded, null, canRetry: false, AdapterReport.Worked);
        if (!evidence.TryGetValue(TaskEffects.AnswerFile, out var answer)) return Result(AttemptResult.Failed, "the model answered nothing", task.Spec.RetrySafe, AdapterReport.Failed);
        return Result(AttemptResult.Succeeded, null, canRetry: false, AdapterReport.Worked, adapter.Answer == AnswerKind.Patch ? Digest.Of(answer.Span) : null);
    }

    /// <summary>Which limit of money it was, and what all attempts have spent of it.</summary>
    private static string Spent(Usd limit, TaskState task, ProcessOutcome run)
    {
        var spent = task.Cost + (run.Cost ?? run.Gateway?.CostAtMost ?? default);
        var atMost = task.IsCostUnknown || run.Cost is null ? "at most " : "";
        return $"cost limit {limit} (the task's budgets.cost_usd), spent {atMost}{spent}";
    }

    /// <summary>Whether what it has done lies in its run root and its copy alone, which go, so that trying again does no harm.</summary>
    private static bool LeavesNothing(AdapterSpec adapter) =>
        adapter.Sandbox != SandboxLevel.None && Grants.Reach(adapter.Grants) is { IsOpen: false, Hosts.IsEmpty: true };

    /// <summary>Why an agent that ended well by its exit code did not: it has to say how it ended.</summary>
    private static string? AgentProblem(AgentRecord? agent) => agent switch
    {
        null or { End: "success" } => null,
        { End: null } => "it did not say how it ended",
        { End: { } end } => $"it ended with {end}",
    };

    private static TaskAttempted OnHttp(TaskState task, AdapterSpec adapter, HttpOutcome http, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        TaskAttempted Result(AttemptResult result, string? reason, bool canRetry, AdapterReport health, Digest? answer = null) =>
            Of(task, result, reason, canRetry, health) with { Answer = answer, RetryAfterMs = http.RetryAfterMs, DurationMs = http.DurationMs };

        var canRepeat = task.Spec.RetrySafe || !http.MayHaveActed;
        if (http.Cancelled) return Result(AttemptResult.Interrupted, http.Problem, canRepeat, AdapterReport.Unknown);
        if (http.TimedOut) return Result(AttemptResult.TimedOut, http.Problem, canRepeat, AdapterReport.Failed);
        if (http.Status is not { } status)
        {
            return Result(AttemptResult.Failed, $"{CrashWords}{http.Problem}", canRepeat, AdapterReport.Failed) with { Crashed = true };
        }

        if (!adapter.SuccessCodes.Contains(status))
        {
            // The adapter is well when it says that the request is wrong, and the same request stays wrong.
            var isOurs = status is >= 400 and < 500 and not (408 or 425 or 429);
            return Result(AttemptResult.Failed, $"answered {status}{Excerpt(evidence)}", canRepeat && !isOurs, isOurs ? AdapterReport.Worked : AdapterReport.Failed);
        }

        if (http.Problem is { } problem) return Result(AttemptResult.Failed, problem, canRetry: false, AdapterReport.Worked);
        var answer = evidence.GetValueOrDefault(HttpOutcome.BodyName);
        if (adapter.Answer != AnswerKind.Patch) return Result(AttemptResult.Succeeded, null, canRetry: false, AdapterReport.Worked);
        return answer.IsEmpty
            ? Result(AttemptResult.Failed, "the answer holds no patch", task.Spec.RetrySafe, AdapterReport.Failed)
            : Result(AttemptResult.Succeeded, null, canRetry: false, AdapterReport.Worked, Digest.Of(answer.Span));
    }

    /// <summary>Whether a process did not come to an end of its own, and nobody here has ended it.</summary>
    private static bool IsCrash(ProcessOutcome run) => ProcessEnding.Of(run) is ProcessEnding.NotStarted or ProcessEnding.Signalled;

    private static string Excerpt(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var text = Encoding.UTF8.GetString(evidence.GetValueOrDefault(HttpOutcome.BodyName).Span).Trim();
        return text.Length == 0 ? "" : $": {BoundedText.Cut(string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)), 200)}";
    }

    private static TaskAttempted Of(TaskState task, AttemptResult result, string? reason, bool canRetry, AdapterReport health) => new(
        task.Spec.TaskId, result, reason is null ? null : BoundedText.Cut(reason, MaxReason), canRetry, null, health, null, default, 0);
}
