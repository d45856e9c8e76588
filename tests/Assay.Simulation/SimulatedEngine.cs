using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Simulation;

/// <summary>
/// An engine that is stepped instead of run: the same machine, pending commits and commits as the real one, over fake effects. It can be dropped
/// between any two steps, which is a crash, or left standing while another takes over, which is a pause.
/// </summary>
internal sealed class SimulatedEngine
{
    private readonly World _world;
    private readonly StreamMachine _machine;
    private readonly WorkerSession _session;
    private readonly int _room;
    private readonly Claim _claim;
    private readonly Random _random;
    private readonly List<Pending> _pending = [];

    private SimulatedEngine(World world, ILane lane, StreamName stream, WorkerSession session, int room, Claim claim, Random random)
    {
        (_world, _session, _room, _claim, _random) = (world, session, room, claim, random);
        _machine = StreamLoad.OfAsync(world.Store, lane, stream).Now();
    }

    /// <summary>Was told by the store that another engine owns the stream.</summary>
    public bool IsFenced { get; private set; }

    public object State => _machine.State;

    public ActiveEffects Effects => _machine.Effects;

    /// <summary>Up to which version it has seen its stream.</summary>
    public long Version => _machine.Head.Version;

    public bool IsIdle => _pending.Count == 0;

    /// <summary>What may happen now.</summary>
    private Work Next => _machine.Lane.Next(_machine.State, _machine.Effects, _world.Now);

    /// <summary>Starts an engine that takes the stream over, and reconciles what it finds.</summary>
    public static SimulatedEngine Start(World world, ILane lane, StreamName stream, int number, Random random)
    {
        var session = new WorkerSession($"s{number}", "host", "boot", number, number);
        world.Store.OpenSessionAsync(session, TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
        if (world.Store.FindAsync(stream).Now()?.Owner is { } dead) world.Store.EndSessionsAsync(dead).GetAwaiter().GetResult();
        var claimed = world.Store.ClaimAsync(stream, session.Id).GetAwaiter().GetResult();
        var engine = new SimulatedEngine(world, lane, stream, session, random.Next(1, 4), ((ClaimResult.Granted)claimed).Claim, random);
        engine.Reconcile();
        return engine;
    }

    /// <summary>Does one thing: goes on with an effect, or looks for new work. False when there is nothing to do.</summary>
    public bool Step()
    {
        if (IsFenced) return false;
        if (_random.Next(20) == 0) Keep();

        // As the real one does before it lets go of its claim, and now and then while effects are under way.
        if (_pending.Count == 0 || _random.Next(4) == 0)
        {
            IsFenced = _world.Store.FindAsync(_machine.Stream).Now()!.Fence != _claim.Fence;
            if (IsFenced) return false;
            ReadNew();
        }

        if (_pending.Count > 0 && _random.Next(4) > 0) return Advance(_pending[_random.Next(_pending.Count)]);
        var before = _machine.Head;
        var wake = _pending.Count == 0 && Next is Work.Wait { Until: { } until } && until <= _world.Now;
        Commit(pending =>
        {
            if (wake) pending.Decide(WakeUp.Instance);
            pending.StartEffectsAsync(_room, _session).Now();
        });
        return _machine.Head != before || _pending.Count > 0;
    }

    /// <summary>Keeps the fold, as the real one does now and then; whoever starts next goes on from it.</summary>
    public void Keep()
    {
        if (!FoldSnapshot.IsKept(_machine.Lane)) return;
        var kept = StreamSnapshot.Of(_machine.Stream, _machine.Head, _machine.Fold);
        _world.Store.KeepSnapshotAsync(kept).GetAwaiter().GetResult();
        var read = FoldSnapshot.Read(_machine.Lane, kept.Body.Span);
        if (!FoldSnapshot.Write(read).Span.SequenceEqual(kept.Body.Span)) throw new InvariantException("a fold that was kept is read as another");
    }

    private void Reconcile()
    {
        foreach (var started in _machine.Effects.InFlight.Values)
        {
            var effect = _machine.Lane.EffectOf(_machine.State, started.EffectId);
            if (!IsMarked(effect) || _world.Markers.Add(Marker(effect.Id, started.Attempt))) _pending.Add(new Pending(effect, started.Attempt, Stage.Marked));
            else Commit(pending => pending.Record(new EffectLost(effect, started.Attempt, "simulated", []), []));
        }
    }

    /// <summary>An effect goes through the stages of the real one, so that a crash can fall between any two.</summary>
    private bool Advance(Pending pending)
    {
        switch (pending.Stage)
        {
            case Stage.Started:
                if (IsMarked(pending.Effect) && !_world.Markers.Add(Marker(pending.Effect.Id, pending.Attempt)))
                {
                    // Somebody else has claimed this very attempt: a stale engine must not begin it.
                    IsFenced = true;
                    return false;
                }

                pending.Stage = Stage.Marked;
                break;
            case Stage.Marked:
                _world.Execute(pending.Effect);
                pending.Stage = Stage.Running;
                break;
            case Stage.Running:
                _world.Pass(TimeSpan.FromMilliseconds(1500));
                pending.Stage = Stage.Ended;
                break;
            case Stage.Ended:
                var wasEnded = Next is Work.End || (Next is Work.Perform { Stop: { } stop } && stop.Contains(pending.Effect.Id));
                var (outcome, evidence) = _world.Outcome(pending.Effect, wasEnded);
                var report = new EffectCompleted(pending.Effect, pending.Attempt, outcome, evidence);
                if (!Commit(pending =>
                {
                    pending.Record(report, []);
                    pending.StartEffectsAsync(_room, _session).Now();
                }))
                {
                    return false;
                }

                _pending.Remove(pending);
                break;
        }

        return true;
    }

    private bool Commit(Action<PendingCommit> fill)
    {
        for (; ; )
        {
            var pending = _machine.Prepare(_world.Now, stream => ValueTask.FromResult(_world.Open(stream)));
            fill(pending);
            if (pending.IsEmpty) return true;
            switch (_world.Commit(pending.ToCommit(_claim.Fence)))
            {
                case CommitResult.Committed:
                    _machine.Adopt(pending);
                    _pending.AddRange(pending.Starts.Select(s => new Pending(s.Effect, s.Attempt, Stage.Started)));
                    return true;
                case CommitResult.Conflict:
                    ReadNew();
                    break;
                case CommitResult.Fenced:
                    IsFenced = true;
                    return false;
            }
        }
    }

    private void ReadNew()
    {
        foreach (var stored in _world.Store.ReadAsync(_machine.Stream, _machine.Head.Version).Now()) _machine.Apply(stored.Bytes);
    }

    /// <summary>Whether an attempt that was lost may have acted, so that it is marked before it begins.</summary>
    private static bool IsMarked(Effect effect) => effect.WhenLost == LossPolicy.Ask;

    private string Marker(string effectId, int attempt) => $"{_machine.Stream}#{effectId}#{attempt}";

    private enum Stage
    {
        Started,
        Marked,
        Running,
        Ended,
    }

    private sealed class Pending(Effect effect, int attempt, Stage stage)
    {
        public Effect Effect { get; } = effect;

        public int Attempt { get; } = attempt;

        public Stage Stage { get; set; } = stage;
    }
}
