using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Assay.Lanes.Queue.Safety;

/// <summary><c>safety_constraints_v1</c>: what a project lets its queue start.</summary>
internal sealed record SafetyConstraints
{
    public required GuardedPaths Paths { get; init; }

    public required GuardedText Text { get; init; }

    public required ImmutableArray<ProgramEntry> Programs { get; init; }

    public ImmutableArray<ScriptEntry> Scripts { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<DeniedPrograms> Deny { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<PolicyCase> Cases { get => field.IsDefault ? [] : field; init; }
}

/// <summary>Paths of the tree that no operand may name, as globs.</summary>
internal sealed record GuardedPaths(ImmutableArray<string> Protected, ImmutableArray<string> Secret);

/// <summary>What no text may ask for, and what it may ask for once a person agrees.</summary>
internal sealed record GuardedText(ImmutableArray<TextEntry> Deny, ImmutableArray<TextEntry> Approval);

/// <summary>A pattern, or several that must all be found, in any order, in one sentence.</summary>
internal sealed record TextEntry(string Rule)
{
    public string? Pattern { get; init; }

    public ImmutableArray<string> All { get => field.IsDefault ? [] : field; init; }
}

/// <summary>What a program, or a subcommand, may be given.</summary>
internal record UseEntry
{
    public SafetyEffect Effect { get; init; }

    /// <summary><c>allow</c> or <c>approval</c>.</summary>
    public string? Verdict { get; init; }

    [JsonIgnore]
    public bool NeedsApproval => Verdict == "approval";

    /// <summary>
    /// The options: <c>-n</c> a flag, <c>-n=</c> one with a value, <c>-n=@</c> one whose value is a path, <c>-n[=]</c> one whose value stands in the same
    /// word or not at all, <c>-#</c> a number such as <c>-20</c>.
    /// </summary>
    public ImmutableArray<string> Options { get => field.IsDefault ? [] : field; init; }

    public OperandKind Operands { get; init; }

    public int? MaxOperands { get; init; }

    /// <summary>What the text among the operands must not hold, as regular expressions.</summary>
    public ImmutableArray<string> DeniedText { get => field.IsDefault ? [] : field; init; }

    /// <summary>Whether an option with one dash has a whole word as its name, and operands follow no <c>--</c>, as with find.</summary>
    public bool LongSingle { get; init; }
}

/// <summary>A program by its bare name, with what it may be given or with its subcommands.</summary>
internal sealed record ProgramEntry(string Program) : UseEntry
{
    public ImmutableDictionary<string, UseEntry>? Subcommands { get; init; }
}

/// <summary>A script of the tree, as long as it is the one that was looked at.</summary>
internal sealed record ScriptEntry(string Path, string Sha256) : UseEntry;

/// <summary>Programs, or <c>program subcommand</c>, that are refused by name whatever else is listed.</summary>
internal sealed record DeniedPrograms(string Rule, ImmutableArray<string> Programs);

/// <summary>Something that must be judged so, which <c>assay queue check</c> tries.</summary>
internal sealed record PolicyCase(SafetyVerdict Verdict)
{
    public string? Prompt { get; init; }

    public string? Command { get; init; }

    public string? Rule { get; init; }
}

/// <summary>What the words of a command are that are no options.</summary>
internal enum OperandKind
{
    [JsonStringEnumMemberName("none")]
    None,

    [JsonStringEnumMemberName("text")]
    Text,

    [JsonStringEnumMemberName("paths")]
    Paths,

    /// <summary>One text, unless an option <c>-e</c> with a value or <c>--files</c> takes its place; then paths.</summary>
    [JsonStringEnumMemberName("pattern_paths")]
    PatternPaths,

    /// <summary>Revisions, paths, or <c>revision:path</c>.</summary>
    [JsonStringEnumMemberName("revisions_paths")]
    RevisionsPaths,

    /// <summary>A script of the tree; what follows is the script's.</summary>
    [JsonStringEnumMemberName("script")]
    Script,
}
