using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>
/// When nothing but probes is started, one at a time, and when that is over (seed 001: ai_safe_mode_conditions): leave to call again is no
/// sign of health, a call that went well is.
/// </summary>
internal static class SafeModeRule
{
    private const int MaxReason = 2_000;

    /// <summary>The pause that follows from an adapter's refusal; null when the run goes on. The state contains the refusal.</summary>
    public static ExecutionPaused? Pause(ExecutionState state, DateTimeOffset now)
    {
        if (state.Phase != ExecutionPhase.Running) return null;
        var patience = TimeSpan.FromMilliseconds(state.Declared.SafeModeAfterMs);
        foreach (var (adapterId, refusal) in state.Refusing)
        {
            if (refusal.Since is { } since && now - since > patience) return NotClosed(adapterId, since);
        }

        var needed = state.Tasks.Where(t => !t.HasEnded && !state.IsManual(t)).SelectMany(t => t.Spec.AdapterIds).Distinct(StringComparer.Ordinal).ToList();
        if (needed.Count == 0 || state.Tasks.Any(t => t.IsActive && !state.IsManual(t)) || !needed.TrueForAll(state.Refusing.ContainsKey)) return null;
        var why = string.Join("; ", needed.Select(a => $"{a}: {Why(state.Refusing[a])}"));
        return new ExecutionPaused(BoundedText.Cut($"no adapter can take a task: {why}", MaxReason));
    }

    /// <summary>The end of a pause after a call that went well, of an adapter that everybody may call again; null while it lasts.</summary>
    public static ExecutionResumed? AfterCall(ExecutionState state, string adapterId)
    {
        if (IsPaused(state) is not { } pause) return null;
        var isOfAny = pause is { WorkingTree: null, AdapterId: null };
        return isOfAny || pause.AdapterId == adapterId || IsMoot(state, pause) ? Health : null;
    }

    /// <summary>The end of a pause after a tree was copied; null while it lasts.</summary>
    public static ExecutionResumed? AfterCopy(ExecutionState state, string? workingTree) =>
        IsPaused(state) is { WorkingTree: { } tree } && tree == workingTree ? Health : null;

    private static ExecutionResumed Health => new("health");

    private static ExecutionPaused? IsPaused(ExecutionState state) => state.Phase == ExecutionPhase.Paused ? state.Pause : null;

    /// <summary>Whether no task is left that could show that what was amiss works again.</summary>
    private static bool IsMoot(ExecutionState state, ExecutionPaused pause) => !state.Tasks.Any(t =>
        !t.HasEnded && (pause.WorkingTree is { } tree ? t.Spec.WorkingTree == tree : t.Spec.AdapterIds.Contains(pause.AdapterId!)));

    private static ExecutionPaused NotClosed(string adapterId, DateTimeOffset since) =>
        new($"the circuit breaker of {adapterId} has not been closed since {since:HH:mm:ss}") { AdapterId = adapterId };

    private static string Why(AdapterRefusal refusal) => BoundedText.Cut(refusal.Reason ?? refusal.Word, 200);
}
