using System.Globalization;

namespace Assay.Tests;

/// <summary>How often tests kill at random instants: some in the suite, more in <c>eng/soak/crashes</c>.</summary>
internal static class CrashRounds
{
    /// <summary>The number in the suite, times ASSAY_CRASH_FACTOR where that is set.</summary>
    public static int Of(int inSuite) =>
        int.TryParse(Environment.GetEnvironmentVariable("ASSAY_CRASH_FACTOR"), NumberStyles.None, CultureInfo.InvariantCulture, out var factor)
            ? inSuite * factor
            : inSuite;
}
