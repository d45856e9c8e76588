using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes;
using Assay.Lanes.Jobs;

namespace Assay.Simulation;

/// <summary>One seed: a job whose workers crash and pause at any step while people decide, change their minds, cancel and retry.</summary>
internal sealed class JobSimulation
{
    private const int MaxSteps = 400;
    private const int MaxCrashes = 12;

    private readonly Random _random;
    private readonly World _world;
    private readonly StreamName _stream = JobLane.StreamOf(JobPlans.JobId);
    private readonly List<SimulatedEngine> _paused = [];
    private readonly StreamMachine _truth;
    private int _retries;
    private SimulatedEngine? _engine;
    private int _engines;
    private int _crashes;
    private int _replacements;

    public JobSimulation(int seed)
    {
        _random = new Random(seed);
        _world = new World(_random, (effect, now, wasEnded) => JobPlans.Outcome(effect, now, wasEnded, _random));
        _truth = new StreamMachine(JobLane.Instance, _stream);
    }

    /// <summary>Runs the seed. Throws with what did not hold.</summary>
    public void Run()
    {
        Submit(new SubmitJob(JobPlans.Draw(_random)));
        for (var step = 0; step < MaxSteps; step++)
        {
            Act();
            Check();
        }

        Finish();
        Check();
        Must(_truth.Effects.InFlight.IsEmpty, "an effect is neither finished nor interrupted");
        Must(_world.Store.Read(_stream, 0).Select(s => s.Bytes.ToArray()).SequenceEqual(_world.Acknowledged, ByContent), "an acknowledged event was changed or lost");
    }

    private static IEqualityComparer<byte[]> ByContent { get; } = EqualityComparer<byte[]>.Create((a, b) => a.AsSpan().SequenceEqual(b), static bytes => bytes.Length);

    /// <summary>The fold of what is stored.</summary>
    private JobState State
    {
        get
        {
            TakeIn();
            return (JobState)_truth.State;
        }
    }

    private void Act()
    {
        _engine ??= SimulatedEngine.Start(_world, JobLane.Instance, _stream, ++_engines, _random);
        switch (_random.Next(30))
        {
            case 0 when _crashes < MaxCrashes:
                _crashes++;
                _engine = null;
                break;
            case 1 when _crashes < MaxCrashes:
                _crashes++;
                _paused.Add(_engine);
                _engine = null;
                break;
            case 2 when _paused.Count > 0:
                var stale = _paused[_random.Next(_paused.Count)];
                stale.Step();
                if (stale.IsFenced) _paused.Remove(stale);
                break;
            case 3 when _random.Next(12) == 0:
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
            case 8 when _random.Next(4) == 0:
                Reject();
                break;
            case 9:
                _world.Pass(TimeSpan.FromSeconds(1));
                break;
            default:
                _engine.Step();
                break;
        }
    }

    /// <summary>A decision as it should be, or one that must not be taken: in advance, on something else, or by no person.</summary>
    private void Decide(bool isRight)
    {
        var waiting = State.Waiting;
        var step = waiting?.Step ?? JobWorkflow.Steps[_random.Next(JobWorkflow.Steps.Count)];
        var shown = waiting?.Sha256 ?? Digest.Of("in advance");
        Submit(isRight && waiting is not null
            ? new ApproveStep(step, shown, JobPlans.Somebody, null)
            : _random.Next(3) switch
            {
                0 => new ApproveStep(step, Digest.Of("something else"), JobPlans.Somebody, null),
                1 => new ApproveStep(step, shown, Actor.Engine, null),
                _ => new ApproveStep(JobWorkflow.Steps[_random.Next(JobWorkflow.Steps.Count)], Digest.Of("runspec"), JobPlans.Somebody, null),
            });
    }

    private void Reject()
    {
        if (State is not { Waiting: { } waiting, Next: JobStep.Checkpoint checkpoint }) return;
        byte[]? replacement = _random.Next(4) == 0 ? null : JobPlans.Another(checkpoint.Document, ++_replacements);
        Submit(new RejectStep(waiting.Step, waiting.Sha256, JobPlans.Somebody, "no", replacement is null ? (ReadOnlyMemory<byte>?)null : replacement));
    }

    /// <summary>Everybody does what is due, until the job has ended.</summary>
    private void Finish()
    {
        for (var i = 0; i < 5_000 && !HasEnded(State); i++)
        {
            _engine ??= SimulatedEngine.Start(_world, JobLane.Instance, _stream, ++_engines, _random);
            if (_engine.Step()) continue;
            Decide(isRight: true);
            Submit(new RetryJob(JobPlans.Somebody, "again", null));
        }

        Must(HasEnded(State), $"the job did not come to an end: {State.Phase} at {State.Step}, {State.InFlight} under way");
    }

    private static bool HasEnded(JobState state) =>
        state.InFlight == 0 && state.ToSpawn.Length == 0 && state.Phase is JobPhase.Done or JobPhase.Rejected or JobPhase.Cancelled or JobPhase.StoppedBudget;

    private void Submit(Command command)
    {
        TakeIn();
        var draft = _truth.Draft(_world.Now);
        draft.Decide(command);
        if (!draft.IsEmpty) _world.Commit(draft.ToCommit(fence: null));
    }

    /// <summary>Folds what is new, and looks at each event.</summary>
    private void TakeIn()
    {
        foreach (var stored in _world.Store.Read(_stream, _truth.Head.Version))
        {
            Must(stored.Bytes.Span.SequenceEqual(_world.Acknowledged[(int)stored.Version - 1]), $"event {stored.Version} is not what was acknowledged");
            var before = (JobState)_truth.State;
            var recorded = _truth.Apply(stored.Bytes);
            CheckStep(before, recorded);
            if (recorded.Body is JobRetried) _retries++;
        }
    }

    private void Check()
    {
        var state = State;
        Must(_truth.Head.Version == _world.Acknowledged.Count, "an acknowledged event is lost, or one is there that nobody acknowledged");
        if (_engine?.Version == _truth.Head.Version) Must(Text((JobState)_engine.State) == Text(state), "an engine's state is not the fold of the events");
        foreach (var (effect, times) in _world.Executions)
        {
            if (JobEffects.StageOf(effect) is not { } stage || stage is JobStages.Run || effect == JobEffects.Register) continue;
            Must(times <= 1 + _retries || state.Job.Components[stage].RetrySafe, $"{effect} is not retry-safe and ran {times} times with {_retries} retries");
        }
    }

    /// <summary>What must hold of each event, given what came before it.</summary>
    private static void CheckStep(JobState before, RecordedEvent recorded)
    {
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
                    Must(before.Approvals.Any(a => a.Step == checkpoint.Step && a.Sha256 == shown), $"{started.EffectId} began without an approval of the {checkpoint.Document} in force");
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

    private static string Text(JobState state) =>
        $"{state.Phase} {state.Position} {state.InFlight} {state.LogBytes} {state.Counters} {state.Waiting} {state.Failure} {state.Stopped} {state.History.Length} "
        + string.Join(";", state.Stages) + string.Join(";", state.Documents.Values) + string.Join(";", state.ToSpawn.Select(c => c.JobId));

    private static void Must(bool holds, string otherwise)
    {
        if (!holds) throw new InvariantException(otherwise);
    }
}
