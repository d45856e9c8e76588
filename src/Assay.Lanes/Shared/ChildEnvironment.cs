using System.Collections.Immutable;

namespace Assay.Lanes.Shared;

/// <summary>Which variables of the engine a child has.</summary>
internal static class ChildEnvironment
{
    /// <summary>What every child has: where programs and the home are, and how text and time are written.</summary>
    public static readonly ImmutableArray<string> Always = ["PATH", "HOME", "LANG", "TZ"];

    /// <summary>These, and those that a document names, each once.</summary>
    public static ImmutableArray<string> With(ImmutableArray<string> named) => [.. Always.Union(named, StringComparer.Ordinal)];
}
