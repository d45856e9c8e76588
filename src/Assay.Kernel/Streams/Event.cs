namespace Assay.Kernel.Streams;

/// <summary>Something that happened, as one stream records it. Each lane closes its own hierarchy below this.</summary>
public abstract record Event;

/// <summary>An event with the place and the time at which it was recorded.</summary>
/// <param name="Version">1 for the first event of its stream.</param>
/// <param name="At">When it was recorded, in UTC, by the clock of whoever appended it.</param>
/// <param name="Body">What happened.</param>
public sealed record RecordedEvent(long Version, DateTimeOffset At, Event Body);
