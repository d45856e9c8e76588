using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Judges the words of a command: what is not listed is refused.</summary>
internal sealed class CommandJudge
{
    private const int MaxWords = 256;
    private const int MaxBytes = 32 * 1024;
    private const string Git = "git";

    private static readonly Regex Remote = BoundedPattern.Of(@"://|^(file|https?|ftp|ssh|git|data):|^[\w.+-]+@[\w.-]+:", RegexOptions.IgnoreCase);
    private static readonly Regex OwnRevision = BoundedPattern.Of(@"^@(\{|~|\^|$)");

    private readonly FrozenDictionary<string, ProgramEntry> _programs;
    private readonly FrozenDictionary<string, ProgramUse> _uses;
    private readonly FrozenDictionary<string, (ScriptEntry Entry, ProgramUse Use)> _scripts;
    private readonly FrozenDictionary<string, string> _denied;

    /// <param name="constraints">Constraints that have been checked.</param>
    public CommandJudge(SafetyConstraints constraints)
    {
        Paths = new PathJudge(constraints.Paths);
        _programs = constraints.Programs.ToFrozenDictionary(static p => p.Program, StringComparer.Ordinal);
        _uses = constraints.Programs
            .SelectMany(static p => p.Subcommands is null
                ? [KeyValuePair.Create(p.Program, new ProgramUse(p))]
                : p.Subcommands.Select(s => KeyValuePair.Create($"{p.Program} {s.Key}", new ProgramUse(s.Value))))
            .ToFrozenDictionary(StringComparer.Ordinal);
        _scripts = constraints.Scripts.ToFrozenDictionary(static s => s.Path, static s => (s, new ProgramUse(s)), StringComparer.Ordinal);
        _denied = constraints.Deny
            .SelectMany(static d => d.Programs.Select(p => KeyValuePair.Create(p, d.Rule)))
            .DistinctBy(static d => d.Key)
            .ToFrozenDictionary(StringComparer.Ordinal);
    }

    public PathJudge Paths { get; }

    /// <summary>Judges a command.</summary>
    /// <param name="words">Its words.</param>
    /// <param name="where">JSON pointer of the command.</param>
    /// <param name="place">The folder that it would work in.</param>
    public JudgedCommand Judge(ImmutableArray<string> words, string where, IWorkPlace place)
    {
        var found = new FoundInCommand(words, where);
        if (words.IsEmpty || words[0].Length == 0) return found.Refuse(0, SafetyRules.NotListed);
        if (words.Length > MaxWords || words.Sum(static w => (long)Encoding.UTF8.GetByteCount(w)) > MaxBytes) return found.Refuse(0, SafetyRules.TooLong);
        for (var i = 0; i < words.Length; i++)
        {
            if (IsHidden(words[i])) found.Add(i, SafetyRules.HiddenText);
            if (SecretText.IsIn(words[i])) found.Add(i, SafetyRules.SecretInText);
        }

        // What is not seen as it is has no name that could be looked up.
        if (found.IsRefused) return found.Answer(null);
        if (!Ascii.IsValid(words[0])) return found.Refuse(0, SafetyRules.HiddenText);
        if (_denied.TryGetValue(words[0], out var rule)) return found.Refuse(0, rule);
        if (words.Length > 1 && _denied.TryGetValue($"{words[0]} {words[1]}", out rule)) return found.Refuse(1, rule);
        if (Script(words[0], place) is { } script) return Use(script, words, 1, found, place);
        if (!_programs.TryGetValue(words[0], out var program)) return found.Refuse(0, SafetyRules.NotListed);
        if (program.Subcommands is null) return Use(_uses[program.Program], words, 1, found, place);
        if (words.Length < 2) return found.Refuse(0, SafetyRules.NotListed);
        if (!Ascii.IsValid(words[1])) return found.Refuse(1, SafetyRules.HiddenText);
        return _uses.TryGetValue($"{program.Program} {words[1]}", out var use) ? Use(use, words, 2, found, place) : found.Refuse(1, SafetyRules.NotListed);
    }

    /// <summary>A script is used as it was looked at, and in the place where it stands.</summary>
    private ProgramUse? Script(string program, IWorkPlace place) =>
        program.Contains('/', StringComparison.Ordinal) && place.Inside(program) is { } inside && _scripts.TryGetValue(inside, out var script)
        && string.Equals(place.Sha256(inside), script.Entry.Sha256, StringComparison.OrdinalIgnoreCase)
            ? script.Use
            : null;

    private JudgedCommand Use(ProgramUse use, ImmutableArray<string> words, int from, FoundInCommand found, IWorkPlace place)
    {
        var given = use.Read(words, from);
        foreach (var (at, word) in given.NotListed) found.Add(at, IsPlainOption(word) ? SafetyRules.NotListed : SafetyRules.HiddenText);
        foreach (var (at, value) in given.Paths) Path(at, value, found, place);
        Operands(use, given, found, place);
        if (words[0] == Git) Patterns(given.Operands, found);
        if (use.Entry.Operands == OperandKind.Paths) Within(given.Operands, found, place);
        return found.Answer(use.Entry);
    }

    private void Operands(ProgramUse program, GivenWords given, FoundInCommand found, IWorkPlace place)
    {
        var use = program.Entry;
        if (use.MaxOperands is { } most && given.Operands.Count > most) found.Add(given.Operands[most].At, SafetyRules.NotListed);
        if (use.Operands == OperandKind.Script && given.Operands.Count == 0) found.Add(0, SafetyRules.NotListed);
        for (var i = 0; i < given.Operands.Count; i++)
        {
            var (at, word) = given.Operands[i];
            switch (use.Operands)
            {
                case OperandKind.None:
                    found.Add(at, SafetyRules.NotListed);
                    break;
                case OperandKind.Text:
                case OperandKind.PatternPaths when i == 0 && !given.HasPattern:
                    if (program.DeniedText.Any(p => p.IsMatch(word))) found.Add(at, SafetyRules.NotListed);
                    break;
                case OperandKind.RevisionsPaths:
                    Revision(at, word, found, place);
                    break;
                case OperandKind.Script when i > 0:
                    Argument(at, word, found, place);
                    break;
                case OperandKind.Script when word == "-":
                    found.Add(at, SafetyRules.NotListed);
                    break;
                default:
                    if (word.StartsWith(':')) found.Add(at, SafetyRules.NotListed);
                    else Path(at, word, found, place);
                    break;
            }
        }
    }

    /// <summary>What git is given as a path is a pattern to it.</summary>
    private void Patterns(List<(int At, string Word)> operands, FoundInCommand found)
    {
        foreach (var (at, word) in operands)
        {
            if (Paths.RefusedPattern(word) is { } rule) found.Add(at, rule);
        }
    }

    /// <summary>A program that is given a folder and a file takes that for the file of the same name in the folder: diff, cp, mv.</summary>
    private void Within(List<(int At, string Word)> operands, FoundInCommand found, IWorkPlace place)
    {
        if (operands.Count < 2) return;
        foreach (var (at, file) in operands)
        {
            var name = file.TrimEnd('/');
            name = name[(name.LastIndexOf('/') + 1)..];
            foreach (var (_, folder) in (ReadOnlySpan<(int, string)>)[operands[0], operands[^1]])
            {
                if (folder != file && name.Length > 0 && Paths.Refused($"{folder}/{name}", place) is { } rule) found.Add(at, rule);
            }
        }
    }

    private void Path(int at, string path, FoundInCommand found, IWorkPlace place)
    {
        if (IsRemote(path)) found.Add(at, SafetyRules.Network);
        else if (path.StartsWith('@')) found.Add(at, SafetyRules.NotListed);
        else if (Paths.Refused(path, place) is { } rule) found.Add(at, rule);
    }

    /// <summary>A revision, a path, or a path in a revision; what begins with a colon asks git to make something of it.</summary>
    private void Revision(int at, string word, FoundInCommand found, IWorkPlace place)
    {
        if (word.StartsWith(':')) found.Add(at, SafetyRules.NotListed);
        else if (!OwnRevision.IsMatch(word)) Path(at, word, found, place);
        else if (Paths.Refused(word, place) is { } refused) found.Add(at, refused);

        // A revision may hold colons itself, so that each may be the one before the path.
        for (var colon = word.Length > 1 ? word.IndexOf(':', 1) : -1; colon > 0; colon = word.IndexOf(':', colon + 1))
        {
            if (Paths.Refused(word[(colon + 1)..], place) is not { } rule) continue;
            found.Add(at, rule);
            break;
        }
    }

    /// <summary>What a script is given is its own, but for what would lead it elsewhere.</summary>
    private void Argument(int at, string word, FoundInCommand found, IWorkPlace place)
    {
        var value = word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..];
        if (IsRemote(value) || Paths.Refused(value, place) is not null) Path(at, value, found, place);
    }

    private static bool IsRemote(string word) => Remote.IsMatch(word);

    private static bool IsPlainOption(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        return Ascii.IsValid(equals < 0 ? word : word.AsSpan(0, equals));
    }

    /// <summary>Whether a word looks other than it is: control, formatting and direction, spaces that are none, and another dash at its beginning.</summary>
    private static bool IsHidden(string word)
    {
        if (word.Length > 0 && LookAlikes.Of(word[0]) == "-") return true;
        foreach (var rune in word.EnumerateRunes())
        {
            if (rune.IsAscii ? Rune.IsControl(rune) : IsUnseen(rune)) return true;
        }

        return false;
    }

    private static bool IsUnseen(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse
        or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned || HiddenText.IsInvisible(rune);
}
