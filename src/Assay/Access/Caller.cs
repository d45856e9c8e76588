using Assay.Lanes.Shared;

namespace Assay.Access;

/// <summary>Who asks for something, and what is known of where the question comes from.</summary>
public sealed record Caller
{
    internal Caller(string name, string via, Role role, Func<AskingProcesses> asking) =>
        (Name, Via, Role, Asking) = (name, via, role, asking);

    /// <summary>The person, or for a submitter's token the program that it was given to.</summary>
    public string Name { get; }

    /// <summary>The way it came: <c>cli</c>, <c>api</c> or <c>page</c>.</summary>
    public string Via { get; }

    /// <summary>What it may ask for.</summary>
    public Role Role { get; }

    /// <summary>As it is recorded.</summary>
    public Actor Actor => new(Name, Via);

    /// <summary>The processes of this host that ask; looked for only when a decision is asked for.</summary>
    internal Func<AskingProcesses> Asking { get; }

    /// <summary>Whoever uses the command line of this process: the operating system's user, who can write in the workspace.</summary>
    public static Caller OfCommandLine() =>
        new(Environment.UserName, "cli", Role.Operator, static () => new AskingProcesses([Environment.ProcessId], IsUnknown: false));
}

/// <summary>The processes of this host from which something is asked.</summary>
/// <param name="Ids">Their ids; empty when it comes from elsewhere.</param>
/// <param name="IsUnknown">It came from this host, and who asked cannot be seen any more.</param>
internal sealed record AskingProcesses(IReadOnlyList<int> Ids, bool IsUnknown)
{
    /// <summary>Not from this host.</summary>
    public static readonly AskingProcesses Elsewhere = new([], IsUnknown: false);

    /// <summary>Whether they ask over a connection.</summary>
    public bool IsConnected { get; init; }

    /// <summary>Whether it is known already that work asks.</summary>
    public bool IsWork { get; init; }
}
