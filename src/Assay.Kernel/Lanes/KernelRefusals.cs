namespace Assay.Kernel.Lanes;

/// <summary>What streams of several lanes refuse.</summary>
public static class KernelRefusals
{
    /// <summary>The lane has no such command.</summary>
    public static readonly RefusalKind UnknownCommand = new("unknown_command", RefusalClass.Conflict);

    /// <summary>The id, which is the beginning of a digest, names something else already.</summary>
    public static readonly RefusalKind IdCollision = new("id_collision", RefusalClass.Conflict);

    /// <summary>A decision is a person's, and who asks is none.</summary>
    public static readonly RefusalKind NotAPerson = new("not_a_person", RefusalClass.Forbidden);

    /// <summary>Nothing waits there for a person.</summary>
    public static readonly RefusalKind NotWaiting = new("not_waiting", RefusalClass.Conflict);

    /// <summary>It has come to its end.</summary>
    public static readonly RefusalKind Ended = new("ended", RefusalClass.Conflict);

    /// <summary>It is being changed, or worked on, by somebody else.</summary>
    public static readonly RefusalKind Busy = new("busy", RefusalClass.Busy);

    /// <summary>What was brought is well formed and does not fit what may be kept of it.</summary>
    public static readonly RefusalKind TooLarge = new("too_large", RefusalClass.Unprocessable);

    public static IReadOnlyList<RefusalKind> All { get; } = [UnknownCommand, IdCollision, NotAPerson, NotWaiting, Ended, Busy, TooLarge];
}
