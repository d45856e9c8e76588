using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Simulation;

/// <summary>The life of one ladder whose epochs end as chance has it, and that is cancelled and resumed now and then.</summary>
internal static class LadderLife
{
    private static readonly StreamName Stream = StreamName.Of(LadderLane.LaneName, "L");

    /// <summary>Lives it to its end. Throws with what did not hold.</summary>
    public static World Live(int seed)
    {
        var random = new Random(seed);
        var world = new World(random, (effect, _, wasEnded) => (Climbed((RunChild)effect, wasEnded, random), FakeOutcomes.NoEvidence));
        ImmutableArray<LadderRung> rungs = [new LadderRung("a.yaml", EpochVerdict.Pass, 2), new LadderRung("b.yaml", EpochVerdict.Pass, 2)];
        var ladder = new LadderDeclared("L", Digest.Of("ladder"), rungs, Autonomous: random.Next(2) == 0, MaxEpochs: 3);
        world.Submit(Stream, new DeclareLadder(ladder));
        var engine = SimulatedEngine.Start(world, LadderLane.Instance, Stream, 1, random);
        for (var steps = random.Next(12); steps > 0; steps--) engine.Step();
        if (random.Next(2) == 0) world.Submit(Stream, new Cancel("signal"));
        Check((LadderState)world.Drive(Stream));
        world.Submit(Stream, new ResumeLadder(ladder));
        Check((LadderState)world.Drive(Stream));
        return world;
    }

    /// <summary>It has ended, in no more attempts than it may have, and at the top just when each rung was reached.</summary>
    private static void Check(LadderState ladder)
    {
        var declared = ladder.Declared!;
        if (ladder.Finished is not { } end) throw new InvariantException("the ladder comes to no end");
        if (ladder.Attempts.Length > declared.MaxEpochs) throw new InvariantException($"{ladder.Attempts.Length} epochs were run");
        if (end.Reached != (ladder.Rung == declared.Rungs.Length)) throw new InvariantException($"at rung {ladder.Rung} it says {end}");
        var tries = declared.Rungs.Select((r, i) => (Most: declared.Autonomous ? r.Attempts : 1, Made: ladder.TriesAt(i)));
        if (tries.Any(t => t.Made > t.Most)) throw new InvariantException("a rung was tried more often than it may be");
    }

    private static AnswerOutcome Climbed(RunChild climb, bool wasEnded, Random random)
    {
        var verdict = random.Next(4) == 0 ? EpochVerdict.Fail : EpochVerdict.Pass;
        return new AnswerOutcome(EpochLane.StreamOf(climb.ChildId), new EpochAnswer(verdict, wasEnded ? EndReason.Cancelled : null, Counts: true));
    }
}
