using Assay.Kernel.Effects;

namespace Assay.Kernel.Lanes;

/// <summary>What may happen now in a stream.</summary>
public abstract record Work
{
    private Work()
    {
    }

    /// <summary>
    /// These effects may be under way, in this order of preference. The engine skips those that are, and takes as many as it has room for;
    /// with none under way and none left it waits.
    /// </summary>
    public sealed record Perform(IEnumerable<Effect> Effects) : Work
    {
        /// <summary>Effects that are under way and must end now; their outcomes are recorded like any other.</summary>
        public IReadOnlyCollection<string> Stop { get; init; } = [];
    }

    /// <summary>Nothing to do until something comes from outside, or until a time.</summary>
    /// <param name="For">What is waited for, for a person.</param>
    /// <param name="Until">When the lane is to be told <see cref="Streams.WakeUp"/>; null: only an event can change anything.</param>
    public sealed record Wait(string For, DateTimeOffset? Until = null) : Work;

    /// <summary>What is under way must end now; its outcome is recorded like any other.</summary>
    public sealed record End(string Because) : Work;

    /// <summary>Nothing will ever happen again unless a command reopens the stream.</summary>
    public sealed record Finished : Work
    {
        public static readonly Finished Instance = new();
    }
}
