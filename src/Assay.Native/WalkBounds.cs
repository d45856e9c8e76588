namespace Assay.Native;

/// <summary>How far a walk goes before it counts as one without an end.</summary>
/// <param name="Entries">The most files and folders.</param>
/// <param name="Depth">The most folders inside each other; each is held open while what lies in it is walked.</param>
/// <param name="Time">The longest that it may take, with what is done between two steps.</param>
internal readonly record struct WalkBounds(long Entries, int Depth, TimeSpan Time)
{
    /// <summary>Of what one run left in its folder.</summary>
    public static readonly WalkBounds OfRun = new(1_000_000, 256, TimeSpan.FromMinutes(2));

    /// <summary>Of a whole working tree, with the reading of its files.</summary>
    public static readonly WalkBounds OfTree = new(4_000_000, 256, TimeSpan.FromHours(1));
}
