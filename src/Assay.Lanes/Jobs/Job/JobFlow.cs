using Assay.Kernel.Streams;

namespace Assay.Lanes.Jobs;

/// <summary>What follows by the workflow alone, in the commit of what it follows from.</summary>
internal static class JobFlow
{
    /// <summary>The events, and those that they bring with them: the stop at a checkpoint, the stop by a budget, the end.</summary>
    public static IReadOnlyList<Event> Continue(JobState state, IReadOnlyList<Event> events, DateTimeOffset now)
    {
        var all = new List<Event>(events);
        foreach (var body in events) state = state.Evolve(new RecordedEvent(0, now, body));
        if (events.Count > 0 && Following(state) is { } following) all.Add(following);
        return all;
    }

    private static JobEvent? Following(JobState state)
    {
        if (state.Phase != JobPhase.Active) return null;
        return state.Next switch
        {
            null => new JobDone(),
            JobStep.Stage { Name: JobStages.Gates } when HoldoutRule.Missing(state.Job, state.Segments) is { } missing =>
                new JobFailed(JobStages.Gates, missing.Kind.Code, missing.Message, null),
            JobStep.Stage stage => BudgetRule.Stage(state, stage.Name),
            JobStep.Checkpoint checkpoint => new WaitingApproval(checkpoint.Name, state.Document(checkpoint.Document)!.Sha256),
            JobStep.Spawn when state.ToSpawn.Length == 0 => new JobDone(),
            JobStep.Spawn => BudgetRule.SpawnOne(state, state.ToSpawn[0]),
            var step => throw new InvalidOperationException($"unknown step {step}"),
        };
    }
}
