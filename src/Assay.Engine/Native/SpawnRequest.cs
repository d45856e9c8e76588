namespace Assay.Engine.Native;

/// <summary>A program to start, in a session and process group of its own.</summary>
internal sealed record SpawnRequest
{
    /// <summary>The absolute path of the program, as its thread sees it.</summary>
    public required string Program { get; init; }

    /// <summary>Its arguments, its own name first.</summary>
    public required IReadOnlyList<string> Words { get; init; }

    /// <summary>All of its environment, as <c>NAME=value</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public required string Folder { get; init; }

    /// <summary>Whether its standard input is a pipe; else it is /dev/null.</summary>
    public bool WithStdin { get; init; }

    /// <summary>Descriptors of ours that it gets as 3, 4, and so on.</summary>
    public IReadOnlyList<int> Descriptors { get; init; } = [];
}
