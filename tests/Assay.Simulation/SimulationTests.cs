using System.Globalization;

namespace Assay.Simulation;

/// <summary>
/// The whole kernel under random interleavings, crashes and pauses. ASSAY_SIMULATION_SEEDS sets how many seeds are run, ASSAY_SIMULATION_SEED runs one
/// again;
/// <c>eng/soak/simulation</c> runs many.
/// </summary>
public sealed class SimulationTests
{
    private const int DefaultSeeds = 1_000;

    [Fact]
    public void Epochs_hold_whatever_crashes_when() => RunAll(static seed => new EpochSimulation(seed).Run());

    [Fact]
    public void Jobs_hold_whatever_crashes_when() => RunAll(static seed => new JobSimulation(seed).Run());

    [Fact]
    public void Tasks_hold_whatever_crashes_when() => RunAll(static seed => new TaskSimulation(seed).Run());

    [Fact]
    public void Ladders_end_whoever_cancels_when() => RunAll(static seed => LadderLife.Live(seed));

    private static void RunAll(Action<int> run)
    {
        if (Setting("ASSAY_SIMULATION_SEED") is { } only)
        {
            run(only);
            return;
        }

        var failures = new System.Collections.Concurrent.ConcurrentBag<(int Seed, string Message)>();
        Parallel.For(0, Setting("ASSAY_SIMULATION_SEEDS") ?? DefaultSeeds, seed =>
        {
            try
            {
                run(seed);
            }
            catch (Exception e)
            {
                failures.Add((seed, e is InvariantException ? e.Message : e.ToString()));
            }
        });
        var first = failures.OrderBy(f => f.Seed).FirstOrDefault();
        Assert.True(failures.IsEmpty, $"{failures.Count} seeds fail; the first is {first.Seed}: {first.Message}. Again: ASSAY_SIMULATION_SEED={first.Seed}");
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
