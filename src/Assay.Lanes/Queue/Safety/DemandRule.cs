using System.Collections.Immutable;

namespace Assay.Lanes.Queue.Safety;

/// <summary>One rule about what a text asks for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Verdict">What follows when it is broken.</param>
/// <param name="Patterns">One pattern, or several that must all be found in a sentence.</param>
internal sealed record DemandRule(string Name, SafetyVerdict Verdict, ImmutableArray<string> Patterns)
{
    public const string Injection = "injection";

    /// <summary>What is spoken of in quotes or code marks may be harmless, so that a person is asked.</summary>
    private static readonly string[] Spoken = [Injection, "pipe_to_shell", "system_path"];

    public bool AsksWhenQuoted => Spoken.Contains(Name, StringComparer.Ordinal);

    public static DemandRule Of(TextEntry entry, SafetyVerdict verdict) => new(entry.Rule, verdict, entry.Pattern is { } one ? [one] : entry.All);
}
