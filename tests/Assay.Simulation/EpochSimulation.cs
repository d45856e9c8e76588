using System.Text;
using System.Text.Json;
using Assay.Engine.Streams;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Simulation;

/// <summary>
/// One seed: an epoch with random crucibles, run by engines that crash and pause at any step while commands arrive, and after every step what
/// must always hold.
/// </summary>
internal sealed class EpochSimulation
{
    private const int MaxSteps = 400;
    private const int MaxCrashes = 12;

    private readonly Random _random;
    private readonly World _world;
    private readonly StreamName _stream = EpochLane.StreamOf("E");
    private readonly DeclareEpoch _declare;
    private readonly List<SimulatedEngine> _paused = [];
    private SimulatedEngine? _engine;
    private int _engines;
    private int _crashes;

    public EpochSimulation(int seed)
    {
        _random = new Random(seed);
        _world = new World(_random, (effect, now, _) => FakeOutcomes.Of(effect, now, _random));
        var (epoch, crucibles) = EpochPlans.Draw(_random);
        _declare = new DeclareEpoch(epoch, crucibles);
    }

    /// <summary>Runs the seed. Throws with what did not hold.</summary>
    public void Run()
    {
        Submit(_declare);
        for (var step = 0; step < MaxSteps; step++)
        {
            if (!Act()) break;
            Check();
        }

        Finish();
        Check();
        CheckEnd();
    }

    /// <summary>Runs the seed, and gives the world in which it happened.</summary>
    public World Live()
    {
        Run();
        return _world;
    }

    /// <summary>One random thing. False when the epoch has ended and nothing more can happen.</summary>
    private bool Act()
    {
        _engine ??= Begun();
        switch (_random.Next(30))
        {
            case 0 when _crashes < MaxCrashes:
                _crashes++;
                _engine = null;
                return true;
            case 1 when _crashes < MaxCrashes:
                _crashes++;
                _paused.Add(_engine);
                _engine = null;
                return true;
            case 2 when _paused.Count > 0:
                StepStale();
                return true;
            case 3 when _random.Next(6) == 0:
                Submit(new Kernel.Streams.Cancel("somebody"));
                return true;
            case 4:
                Submit(new ResumeEpoch(_declare.Epoch, _declare.Crucibles));
                return true;
            case 5:
                _world.Pass(TimeSpan.FromSeconds(2));
                return true;
            case var _ when State.Finished?.Reason == EndReason.Cancelled && _random.Next(2) == 0:
                Submit(new ResumeEpoch(_declare.Epoch, _declare.Crucibles));
                return true;
            default:
                return _engine.Step() || !_engine.IsIdle || State.Phase != EpochPhase.Finished;
        }
    }

    /// <summary>An engine of a worker, which says that it takes the epoch up, or of a command.</summary>
    private SimulatedEngine Begun()
    {
        if (_random.Next(2) == 0) Submit(new TakeUpEpoch());
        return SimulatedEngine.Start(_world, EpochLane.Instance, _stream, ++_engines, _random);
    }

    /// <summary>An engine that was thought dead wakes up; whatever it does, it must not harm.</summary>
    private void StepStale()
    {
        var stale = _paused[_random.Next(_paused.Count)];
        stale.Step();
        if (stale.IsFenced) _paused.Remove(stale);
    }

    private void Finish()
    {
        for (var i = 0; i < 5_000 && State.Phase != EpochPhase.Finished; i++)
        {
            _engine ??= Begun();
            if (!_engine.Step()) _world.Pass(TimeSpan.FromSeconds(1));
        }
    }

    private EpochState State => (EpochState)Fold().State;

    private StreamMachine Fold()
    {
        var machine = new StreamMachine(EpochLane.Instance, _stream);
        foreach (var stored in _world.Store.ReadAsync(_stream, 0).Now()) machine.Apply(stored.Bytes);
        return machine;
    }

    private void Submit(Kernel.Streams.Command command)
    {
        var pending = Fold().Prepare(_world.Now);
        pending.Decide(command);
        if (!pending.IsEmpty) _world.Commit(pending.ToCommit(fence: null));
    }

    private void Check()
    {
        var stored = _world.Store.ReadAsync(_stream, 0).Now();
        Must(stored.Count == _world.Acknowledged(_stream).Count, "an acknowledged event is lost, or one is there that nobody acknowledged");
        var previous = _stream.Genesis;
        for (var i = 0; i < stored.Count; i++)
        {
            Must(stored[i].Bytes.Span.SequenceEqual(_world.Acknowledged(_stream)[i]), $"event {i + 1} is not what was acknowledged");
            var fields = EventEnvelope.Fields(stored[i].Bytes);
            Must(fields.Version == i + 1 && fields.Previous == previous, $"the chain breaks at event {i + 1}");
            previous = Digest.Of(stored[i].Bytes.Span);
        }

        var state = State;
        if (_engine?.Version == stored.Count) Must(Text(_engine.State) == Text(state), "an engine's state is not the fold of the events");
        foreach (var (effect, times) in _world.Executions)
        {
            if (EpochEffects.Kind(effect) == EpochEffects.SalvageKind) continue;
            var crucible = state.Crucibles[state.IndexOf(EpochEffects.CrucibleOf(effect))].Declared.Crucible;
            Must(times == 1 || crucible.RetrySafe, $"{effect} is not retry-safe and ran {times} times");
        }

        Must(state.Passed == state.Crucibles.Count(c => c.Result?.Outcome == CrucibleOutcome.Pass), "the count of passed crucibles is wrong");
        Must(state.Done == state.Crucibles.Count(c => c.Result is not null), "the count of ended crucibles is wrong");
    }

    private void CheckEnd()
    {
        var machine = Fold();
        var state = (EpochState)machine.State;
        Must(state.Phase == EpochPhase.Finished, $"the epoch did not come to an end: {state.Phase}, {machine.Effects.Count} under way");
        Must(machine.Effects.Count == 0, "an effect is neither finished nor interrupted");
        foreach (var crucible in state.Crucibles.Where(c => c.Result?.Outcome == CrucibleOutcome.Pass))
        {
            var run = crucible.Run;
            Must(run is { KillReason: null, ExitCode: 0, RunRootPresent: true }, $"{crucible.Declared.CrucibleId} passed without the evidence for it");
            var replayed = crucible.Declared.Crucible.Expect.ReplayVerification == ReplayVerification.NotRequired || crucible.Replay?.Stdout.Sha256 == run!.Stdout.Sha256;
            Must(replayed, $"{crucible.Declared.CrucibleId} passed although its replay differs");
        }

        var verdict = state.Finished!.Verdict;
        var allPassed = state.Passed == state.Crucibles.Length;
        Must(verdict != EpochVerdict.Pass || allPassed, "PASS although a crucible did not pass");
        Must(verdict != EpochVerdict.Operational || state.Passed > 0, "OPERATIONAL although nothing passed");
        Must(verdict is not (EpochVerdict.Pass or EpochVerdict.Operational or EpochVerdict.Complete) || state.Declared.Mode != EpochMode.Salvage, "a good verdict in salvage mode");
        Must(verdict is EpochVerdict.FailClosed || !state.Crucibles.Any(c => c.Result?.EvidenceMissing == true), "missing evidence did not fail the epoch closed");
        _ = EpochFiles.Of(state, new RecordedEvent(machine.Head.Version, _world.Now, state.Finished));
    }

    private static string Text(object state)
    {
        var epoch = (EpochState)state;
        return Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(EpochFiles.Summary(epoch), EpochFileJson.Shared.EpochSummary))
            + $"{epoch.Phase} {epoch.FirstOpen} {epoch.RanBefore} {epoch.LastAt:O} {epoch.Verdicts} "
            + string.Join(";", epoch.Crucibles.Select(c => $"{c.Attempts} {c.NeedsReplay} {c.Records} {c.Kept}"));
    }

    private static void Must(bool holds, string otherwise)
    {
        if (!holds) throw new InvariantException(otherwise);
    }
}

internal sealed class InvariantException(string message) : Exception(message);
