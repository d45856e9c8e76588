namespace Assay.Kernel.Streams;

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
