using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>When nothing more is started (seed 001: ai_safe_mode_conditions).</summary>
internal static class SafeModeRule
{
    private const int MaxReason = 2_000;

    /// <summary>Why the run pauses after an adapter has refused; null when it goes on. The state contains the refusal.</summary>
    public static string? Reason(ExecutionState state, DateTimeOffset now)
    {
        if (state.Phase != ExecutionPhase.Running) return null;
        var patience = TimeSpan.FromMilliseconds(state.Declared.SafeModeAfterMs);
        foreach (var (adapterId, refusal) in state.Refusing)
        {
            if (refusal.Since is { } since && now - since > patience) return $"the circuit breaker of {adapterId} has not been closed since {since:HH:mm:ss}";
        }

        var needed = state.Tasks.Where(t => !t.HasEnded && !state.IsManual(t)).SelectMany(t => t.Spec.AdapterIds).Distinct(StringComparer.Ordinal).ToList();
        if (needed.Count == 0 || state.Tasks.Any(t => t.IsActive && !state.IsManual(t)) || !needed.TrueForAll(state.Refusing.ContainsKey)) return null;
        return BoundedText.Cut($"no adapter can take a task: {string.Join("; ", needed.Select(a => $"{a}: {Why(state.Refusing[a])}"))}", MaxReason);
    }

    private static string Why(AdapterRefusal refusal) => BoundedText.Cut(refusal.Reason ?? refusal.Word, 200);
}
