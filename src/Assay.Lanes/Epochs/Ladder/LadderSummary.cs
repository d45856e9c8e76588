using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>What came of an escalation.</summary>
/// <param name="LadderId">The id in force: the ladder's own, or the one that a later run of it took.</param>
/// <param name="Reached">Whether it came to the top.</param>
/// <param name="Reason">Why it did not; null: it did.</param>
/// <param name="Attempts">Every epoch that was run, in order.</param>
public sealed record LadderSummary(string LadderId, bool Reached, string? Reason, ImmutableArray<RungFinished> Attempts)
{
    /// <summary>The ladder's own id when that was taken; null: it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BumpedFrom { get; init; }

    /// <summary>Covers the ladder, its plans, their crucibles and the programs; null of what was started before it did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Digest? LadderHash { get; init; }

    /// <summary>True for what had ended before it was asked for again, so that nothing was run; left out otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NothingRun { get; init; }

    /// <summary>Of an escalation that has ended.</summary>
    internal static LadderSummary Of(LadderState state)
    {
        var (declared, finished) = (state.Declared!, state.Finished!);
        return new LadderSummary(declared.LadderId, finished.Reached, finished.Reason, state.Attempts)
        {
            BumpedFrom = declared.BumpedFrom,
            LadderHash = declared.LadderHash,
        };
    }
}
