using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What a program, or one of its subcommands, may be given, ready to be compared with.</summary>
internal sealed class ProgramUse
{
    private const string AnyNumber = "-#";

    /// <summary>Makes rg list files, so that no operand is a pattern.</summary>
    private const string NoPattern = "--files";

    /// <summary>With any of these, the pattern is no operand.</summary>
    private static readonly string[] Patterns = ["-e", "--regexp", "-f", "--file"];

    private readonly FrozenDictionary<string, OptionKind> _options;

    public ProgramUse(UseEntry entry)
    {
        Entry = entry;
        _options = entry.Options.Select(Read).ToFrozenDictionary(static o => o.Name, static o => o.Kind, StringComparer.Ordinal);
        TakesNumbers = _options.ContainsKey(AnyNumber);
        DeniedText = [.. entry.DeniedText.Select(static p => BoundedPattern.Of(p))];
    }

    private enum OptionKind
    {
        Flag,
        Value,
        Path,

        /// <summary>A value that is joined, or none.</summary>
        Joined,
    }

    public UseEntry Entry { get; }

    public ImmutableArray<Regex> DeniedText { get; }

    private bool TakesNumbers { get; }

    /// <summary>Takes the words behind the program apart. Nothing that is not listed has a meaning.</summary>
    /// <param name="words">All words of the command.</param>
    /// <param name="from">The first that belongs to this use.</param>
    public GivenWords Read(ImmutableArray<string> words, int from)
    {
        var given = new GivenWords();
        var isOver = false;
        for (var i = from; i < words.Length; i++)
        {
            var word = words[i];
            if (isOver || word.Length < 2 || word[0] != '-')
            {
                given.Operands.Add((i, word));
                if (Entry.Operands == OperandKind.Script) isOver = true;
                continue;
            }

            // Of find, and of others whose options are whole words, what follows would still be an option.
            if (word == "--" && !Entry.LongSingle) isOver = true;
            else if (!Option(words, ref i, given)) given.NotListed.Add((i, word));
        }

        return given;
    }

    /// <summary>The name of an option as it is listed.</summary>
    public static string NameOf(string option) => Read(option).Name;

    private static (string Name, OptionKind Kind) Read(string option) => option switch
    {
        [.. var name, '[', '=', ']'] => (name, OptionKind.Joined),
        [.. var name, '=', '@'] => (name, OptionKind.Path),
        [.. var name, '='] => (name, OptionKind.Value),
        _ => (option, OptionKind.Flag),
    };

    private bool Option(ImmutableArray<string> words, ref int at, GivenWords given)
    {
        var word = words[at];
        if (TakesNumbers && !word.AsSpan(1).ContainsAnyExceptInRange('0', '9')) return true;
        if (Entry.LongSingle || word.StartsWith("--", StringComparison.Ordinal)) return Long(words, ref at, given);
        for (var i = 1; i < word.Length; i++)
        {
            var name = "-" + word[i];
            if (!_options.TryGetValue(name, out var kind)) return false;
            if (kind == OptionKind.Flag) continue;
            if (kind == OptionKind.Joined && i + 1 == word.Length) return true;
            return i + 1 < word.Length ? Value(name, kind, at, word[(i + 1)..], given) : Next(name, kind, words, ref at, given);
        }

        return true;
    }

    private bool Long(ImmutableArray<string> words, ref int at, GivenWords given)
    {
        var word = words[at];
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? word : word[..equals];
        if (!_options.TryGetValue(name, out var kind)) return false;
        if (equals >= 0) return kind != OptionKind.Flag && !Entry.LongSingle && Value(name, kind, at, word[(equals + 1)..], given);
        if (kind is OptionKind.Value or OptionKind.Path) return Next(name, kind, words, ref at, given);
        given.HasPattern |= name == NoPattern;
        return true;
    }

    /// <summary>The next word as a value. One that looks like an option is refused, as a program could take it for that.</summary>
    private static bool Next(string name, OptionKind kind, ImmutableArray<string> words, ref int at, GivenWords given)
    {
        if (at + 1 == words.Length || (name != "-e" && words[at + 1] is ['-', .. { Length: > 0 } rest] && rest.AsSpan().ContainsAnyExceptInRange('0', '9'))) return false;
        return Value(name, kind, ++at, words[at], given);
    }

    private static bool Value(string name, OptionKind kind, int at, string value, GivenWords given)
    {
        given.HasPattern |= Patterns.Contains(name, StringComparer.Ordinal);
        if (kind == OptionKind.Path) given.Paths.Add((at, value));
        return true;
    }
}

/// <summary>The words of a command by what they are, each with its place.</summary>
internal sealed class GivenWords
{
    public List<(int At, string Word)> Operands { get; } = [];

    /// <summary>Values of options that are paths.</summary>
    public List<(int At, string Word)> Paths { get; } = [];

    public List<(int At, string Word)> NotListed { get; } = [];

    /// <summary>Whether an option takes the place of the pattern, so that all operands are paths.</summary>
    public bool HasPattern { get; set; }
}
