using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>What a lane answers to a command.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>It happens: these events are appended. None: the command asked for what is already so.</summary>
    public sealed record Accepted(IReadOnlyList<Event> Events) : Decision;

    /// <summary>It does not happen, and nothing is appended.</summary>
    public sealed record Refused(Refusal Refusal) : Decision;

    public static Decision Accept(params IReadOnlyList<Event> events) => new Accepted(events);

    /// <summary>Says no.</summary>
    /// <param name="kind">Which refusal it is.</param>
    /// <param name="message">One sentence for a person: what was refused and what to do.</param>
    public static Decision Refuse(RefusalKind kind, string message) => new Refused(new Refusal(kind, message));
}
