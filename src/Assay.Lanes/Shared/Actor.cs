using System.Text.Json.Serialization;

namespace Assay.Lanes.Shared;

/// <summary>Who asked for something.</summary>
/// <param name="Name">The person: the operating system's user, or the one who signed in. Never a role.</param>
/// <param name="Via">The way it came: <c>cli</c>, <c>api</c> or <c>page</c>; <c>engine</c> or <c>spawn</c> for what no person asked for.</param>
public sealed record Actor(string Name, string Via)
{
    /// <summary>What follows from the contract alone.</summary>
    public static readonly Actor Engine = new("assay", "engine");

    [JsonIgnore]
    public bool IsPerson => Via is "cli" or "api" or "page";
}
