using System.Collections.Immutable;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What is judged: the texts and the command of a task, and where it would work.</summary>
/// <param name="Place">The folder that it would work in.</param>
internal sealed record SafetySubject(IWorkPlace Place)
{
    /// <summary>Every text that reaches a model or a person, with its JSON pointer.</summary>
    public ImmutableArray<(string Where, string Text)> Texts { get; init; } = [];

    /// <summary>A command as one text; null: it is given as words, or there is none.</summary>
    public string? Command { get; init; }

    /// <summary>A command as words.</summary>
    public ImmutableArray<string>? Words { get; init; }

    public string CommandAt { get; init; } = "/command";

    /// <summary>Whether what it writes is captured in a copy.</summary>
    public bool HasWorkingTree { get; init; }

    /// <summary>The tree that it names, and the folder in which that must lie; null: it names none.</summary>
    public (string Path, IWorkPlace Root)? Tree { get; init; }

    public bool HasCommand => Command is not null || Words is not null;
}
