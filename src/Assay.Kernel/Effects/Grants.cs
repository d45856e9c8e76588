using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Assay.Kernel.Effects;

/// <summary>What a document grants caged work beyond the system's programs, its declared inputs and its own folder: its keys <c>reads</c>, <c>hides</c>, <c>hosts</c>, <c>network</c>.</summary>
/// <param name="Reads">Absolute paths of files and folders that it may read.</param>
/// <param name="Hides">Absolute paths in what it may read that stay out of its reach.</param>
public sealed record Grants(ImmutableArray<string> Reads, ImmutableArray<string> Hides)
{
    public static readonly Grants None = new([], []);

    /// <summary>What network it has; null: none, as in everything that was recorded before hosts could be named.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NetworkReach? Network { get; init; }

    [JsonIgnore]
    public bool IsNone => Reads.IsEmpty && Hides.IsEmpty && Network is null;

    /// <summary>
    /// What is readable under grants. Before there were any (null in what was recorded then), the folder of a program was, so what was started then goes on
    /// with it.
    /// </summary>
    /// <param name="grants">As recorded.</param>
    /// <param name="program">The program as its command names it.</param>
    public static ImmutableArray<string> Readable(Grants? grants, string program) => grants switch
    {
        not null => grants.Reads,
        null => Folder(program),
    };

    /// <summary>The folder of a program that is named by an absolute path.</summary>
    public static ImmutableArray<string> Folder(string program) => program.LastIndexOf('/') is var slash and > 0 && program[0] == '/' ? [program[..slash]] : [];

    /// <summary>What can be reached under grants.</summary>
    public static NetworkReach Reach(Grants? grants) => grants?.Network ?? NetworkReach.Nothing;

    /// <summary>What is hidden under grants.</summary>
    public static ImmutableArray<string> Hidden(Grants? grants) => grants?.Hides ?? [];
}
