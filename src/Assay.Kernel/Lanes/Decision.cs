using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>A request from outside. Each lane closes its own hierarchy below this.</summary>
public abstract record Command;

/// <summary>End what is under way and record it. Every lane must answer it in every state.</summary>
/// <param name="By">Who asked: a person, or the signal that came.</param>
public sealed record Cancel(string By) : Command;

/// <summary>The time that the lane said it waits for has come.</summary>
public sealed record WakeUp : Command
{
    public static readonly WakeUp Instance = new();
}

/// <summary>What a lane answers to a command.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>It happens: these events are appended. None: the command asked for what is already so.</summary>
    public sealed record Accepted(IReadOnlyList<Event> Events) : Decision;

    /// <summary>It does not happen, and nothing is appended.</summary>
    /// <param name="Rule">The rule's short name, such as <c>plan_changed</c>.</param>
    /// <param name="Message">One sentence for a person: what was refused and what to do.</param>
    public sealed record Refused(string Rule, string Message) : Decision;

    public static Decision Accept(params IReadOnlyList<Event> events) => new Accepted(events);

    public static Decision Refuse(string rule, string message) => new Refused(rule, message);
}
