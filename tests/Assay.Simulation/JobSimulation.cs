using System.Text.Json;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;

namespace Assay.Simulation;

/// <summary>One seed: a job whose workers crash and pause at any step while people decide, change their minds, cancel and retry.</summary>
internal sealed class JobSimulation(int seed) : LaneSimulation<JobState>(seed, JobLane.Instance, JobLane.StreamOf(JobPlans.JobId), JobPlans.Outcome)
{
    private const int MaxSteps = 400;

    private int _retries;
    private int _replacements;

    /// <inheritdoc/>
    public override void Run()
    {
        Submit(new SubmitJob(JobPlans.Draw(Random)));
        for (var step = 0; step < MaxSteps; step++)
        {
            Act();
            Check();
        }

        Finish();
        RunAgain();
        Check();
        Must(Truth.Effects.Count == 0, "an effect is neither finished nor interrupted");
        Must(World.Store.ReadAsync(Truth.Stream, 0).Now().Select(s => s.Bytes.ToArray()).SequenceEqual(World.Acknowledged(Truth.Stream), ByContent), "an acknowledged event was changed or lost");
    }

    private static IEqualityComparer<byte[]> ByContent { get; } = EqualityComparer<byte[]>.Create((a, b) => a.AsSpan().SequenceEqual(b), static bytes => bytes.Length);

    private void Act()
    {
        var die = Random.Next(30);
        if (Disturb(die)) return;
        switch (die)
        {
            case 3 when Random.Next(12) == 0:
                Submit(new CancelJob(JobPlans.Somebody, null));
                break;
            case 4:
                Submit(new RetryJob(JobPlans.Somebody, "again", null));
                break;
            case 5:
                Decide(isRight: false);
                break;
            case 6 or 7:
                Decide(isRight: true);
                break;
            case 8 when Random.Next(4) == 0:
                Reject();
                break;
            case 9:
                World.Pass(TimeSpan.FromSeconds(1));
                break;
            default:
                Engine.Step();
                break;
        }
    }

    /// <summary>A decision as it should be, or one that must not be taken: in advance, on something else, or by no person.</summary>
    private void Decide(bool isRight)
    {
        var waiting = State.Waiting;
        var step = waiting?.Step ?? JobWorkflow.Checkpoints[Random.Next(JobWorkflow.Checkpoints.Count)];
        var shown = waiting?.Sha256 ?? Digest.Of("in advance");
        Submit(isRight && waiting is not null
            ? new ApproveStep(step, shown, JobPlans.Somebody, null)
            : Random.Next(3) switch
            {
                0 => new ApproveStep(step, Digest.Of("something else"), JobPlans.Somebody, null),
                1 => new ApproveStep(step, shown, Actor.Engine, null),
                _ => new ApproveStep(JobWorkflow.Checkpoints[Random.Next(JobWorkflow.Checkpoints.Count)], Digest.Of("runspec"), JobPlans.Somebody, null),
            });
    }

    private void Reject()
    {
        if (State is not { Waiting: { } waiting, Next: JobStep.Checkpoint checkpoint }) return;
        byte[]? replacement = Random.Next(4) == 0 ? null : JobPlans.Another(checkpoint.Document, ++_replacements);
        Submit(new RejectStep(waiting.Step, waiting.Sha256, JobPlans.Somebody, "no", replacement is null ? (ReadOnlyMemory<byte>?)null : replacement));
    }

    /// <summary>Everybody does what is due, until the job has ended.</summary>
    private void Finish()
    {
        for (var i = 0; i < 5_000 && !HasEnded(State); i++)
        {
            if (Engine.Step()) continue;
            Decide(isRight: true);
            Submit(new RetryJob(JobPlans.Somebody, "again", null));
        }

        Must(HasEnded(State), $"the job did not come to an end: {State.Phase} at {State.Step}, {Truth.Effects.Count} under way");
    }

    /// <summary>A job that is done is run again, and becomes another one whoever dies meanwhile; one that is not done is not.</summary>
    private void RunAgain()
    {
        var isDone = State.Phase == JobPhase.Done;
        using var spec = JsonDocument.Parse("{}");
        Submit(new RerunJob(spec.RootElement, JobPlans.Somebody, "again", null));
        Must(State.Reruns.Length == (isDone ? 1 : 0), $"{State.Reruns.Length} reruns were granted to a job that is {State.Phase}");
        for (var i = 0; i < MaxSteps && !State.ToRerun.IsEmpty; i++)
        {
            if (!Disturb(Random.Next(6))) Engine.Step();
        }

        Must(State.ToRerun.IsEmpty, "a rerun was granted, and no job was made of it");
        Must(State.Phase == JobPhase.Done == isDone, $"a rerun left the job {State.Phase}");
    }

    private bool HasEnded(JobState state) => Truth.Effects.Count == 0 && (state.ToSpawn.Length == 0
        ? state.Phase is JobPhase.Done or JobPhase.Rejected or JobPhase.Cancelled or JobPhase.StoppedBudget
        : state.Phase == JobPhase.Cancelled);

    private void Check()
    {
        var state = State;
        CheckRecord();
        foreach (var (effect, times) in World.Executions)
        {
            if (JobEffects.StageOf(effect) is not { } stage || stage is JobStages.Run || effect == JobEffects.Register) continue;
            Must(times <= 1 + _retries || state.Job.Components[stage].RetrySafe, $"{effect} is not retry-safe and ran {times} times with {_retries} retries");
        }
    }

    protected override void CheckStep(JobState before, RecordedEvent recorded)
    {
        if (recorded.Body is JobRetried) _retries++;
        switch (recorded.Body)
        {
            case Approved approved:
                Must(before.Waiting == new WaitingApproval(approved.Step, approved.Sha256), $"{approved.Step} was approved, but something else waited");
                Must(approved.By.IsPerson, $"{approved.Step} was approved by no person");
                break;
            case EffectStarted started:
                Must(before.Phase is JobPhase.Active or JobPhase.Done, $"{started.EffectId} began although the job is {before.Phase}");
                foreach (var checkpoint in JobWorkflow.Of(before.Job).Take(before.Position).OfType<JobStep.Checkpoint>())
                {
                    var shown = before.Document(checkpoint.Document)!.Sha256;
                    Must(before.Approvals.Any(a => a.Step == checkpoint.Name && a.Sha256 == shown), $"{started.EffectId} began without an approval of the {checkpoint.Document} in force");
                }

                break;
            case Spawned:
                Must(before.Job.Budget.MaxSpawnPerJob is not { } max || before.Children.Length < max, "more was spawned than the budget allows");
                break;
            case GatesCompleted gates:
                Must(before.Run is not null, "gates were evaluated without a run");
                Must(gates.Document.Sha256 != default, "gates without evidence");
                break;
        }
    }

    protected override string Text(JobState state) =>
        $"{state.Phase} {state.Position} {state.Counters} {state.Waiting} {state.Failure} {state.Stopped} {state.History.Length} "
        + string.Join(";", state.Stages) + string.Join(";", state.Documents.Values) + string.Join(";", state.ToSpawn.Select(c => c.JobId)) + string.Join(";", state.ToRerun.Select(r => r.Job.JobId));
}
