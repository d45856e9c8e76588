using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Tests;

/// <summary>A stream as the tests play it: folded as the engine folds it, and asked with the effects that are under way.</summary>
internal static class Played
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TState As<TState>(this LaneFold fold) where TState : class => (TState)fold.State;

    /// <summary>The stream after some more events, whose files and rows are made as well.</summary>
    public static LaneFold After(this LaneFold fold, params IEnumerable<Event> events) => events.Aggregate(fold, static (before, body) =>
    {
        var (after, folded) = before.Record(new RecordedEvent(1, Now, body));
        _ = folded.Files;
        _ = after.Lane.Rows(after.State, folded.Recorded);
        return after;
    });

    /// <summary>The stream after the first attempt at an effect has begun.</summary>
    public static LaneFold Began(this LaneFold fold, string effectId) => fold.After(new EffectStarted(effectId, 1, "s", "h", "b"));

    /// <summary>The stream after the first attempt at an effect has ended, before that is judged.</summary>
    public static LaneFold Ended(this LaneFold fold, string effectId, EffectOutcome outcome) =>
        fold.After(new EffectFinished(effectId, 1, outcome));

    public static Decision Decide(this LaneFold fold, Command command, DateTimeOffset? now = null) =>
        fold.Lane.Decide(fold.State, fold.Effects, command, now ?? Now);

    public static Work Next(this LaneFold fold, DateTimeOffset? now = null) => fold.Lane.Next(fold.State, fold.Effects, now ?? Now);

    /// <summary>The effects that the lane allows now.</summary>
    public static IEnumerable<Effect> Asked(this LaneFold fold) => Assert.IsType<Work.Perform>(fold.Next()).Effects;

    /// <summary>What the end of an effect means, which the stream contains already.</summary>
    public static IReadOnlyList<Event> Judge(this LaneFold fold, EffectReport report) =>
        fold.Lane.Record(fold.State, fold.Effects, report, Now);

    /// <summary>The same, of the first attempt.</summary>
    public static IReadOnlyList<Event> Judge(
        this LaneFold fold, Effect effect, EffectOutcome outcome, Dictionary<string, ReadOnlyMemory<byte>> evidence) =>
        fold.Judge(new EffectCompleted(effect, 1, outcome, evidence));
}
