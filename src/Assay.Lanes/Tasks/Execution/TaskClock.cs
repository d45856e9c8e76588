namespace Assay.Lanes.Tasks;

/// <summary>How long a task was worked on and how long it waited, up to the last change from one to the other.</summary>
internal sealed record TaskClock
{
    /// <summary>Nobody has begun it, or has been kept from it.</summary>
    public static readonly TaskClock NotBegun = new();

    /// <summary>All its attempts together, with their tests.</summary>
    public long WorkedMs { get; init; }

    /// <summary>The pauses before other attempts, circuits that were open, and people.</summary>
    public long WaitedMs { get; init; }

    /// <summary>Since when it works or waits, whichever it does; null: neither.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The clock when a task stands otherwise than before.</summary>
    /// <param name="before">What the task was about.</param>
    /// <param name="after">What it is about now.</param>
    /// <param name="isNew">Whether a stretch begins that is told apart, though it is of the same kind.</param>
    /// <param name="at">When.</param>
    public TaskClock After(Pastime before, Pastime after, bool isNew, DateTimeOffset at)
    {
        if (before == after && !isNew) return this;
        var ms = Since is { } since ? Math.Max(0, (long)(at - since).TotalMilliseconds) : 0;
        return new TaskClock
        {
            WorkedMs = WorkedMs + (before == Pastime.Works ? ms : 0),
            WaitedMs = WaitedMs + (before == Pastime.Waits ? ms : 0),
            Since = after == Pastime.None ? null : at,
        };
    }

    /// <summary>The clock of a task on which somebody worked and works again, but not in between.</summary>
    /// <param name="last">When the engine that worked on it showed its last sign of life.</param>
    /// <param name="at">Since when it is worked on again.</param>
    public TaskClock Interrupted(DateTimeOffset last, DateTimeOffset at) =>
        After(Pastime.Works, Pastime.Works, isNew: true, last) with { Since = at };

    /// <summary>What a task is about: one that waits for its turn alone has not begun to wait for anything.</summary>
    public static Pastime PastimeOf(ExecutionState state, TaskState task) => task.Standing switch
    {
        TaskStanding.Waiting { NotBefore: not null } => Pastime.Waits,
        TaskStanding.Working when state.WaitsForPerson(task) => Pastime.Waits,
        TaskStanding.Working or TaskStanding.Testing => Pastime.Works,
        _ => Pastime.None,
    };

    /// <summary>What a task is about.</summary>
    internal enum Pastime
    {
        /// <summary>It was not begun, or has ended.</summary>
        None,

        /// <summary>An adapter has it, or its tests.</summary>
        Works,

        /// <summary>For an adapter, the next attempt, or a person.</summary>
        Waits,
    }
}
