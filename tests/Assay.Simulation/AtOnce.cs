namespace Assay.Simulation;

/// <summary>The store in memory answers at once, so that a simulation is stepped and never waits.</summary>
internal static class AtOnce
{
    public static T Now<T>(this ValueTask<T> answer) => answer.AsTask().GetAwaiter().GetResult();

    public static void Now(this ValueTask done) => done.AsTask().GetAwaiter().GetResult();
}
