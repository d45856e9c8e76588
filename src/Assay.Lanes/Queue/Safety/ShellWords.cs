using System.Collections.Immutable;
using System.Text;

namespace Assay.Lanes.Queue.Safety;

/// <summary>
/// A command as a text, split by POSIX quoting (Shell Command Language, section 2.2). Nothing expands or joins words, so what would is refused.
/// </summary>
internal readonly struct ShellWords
{
    private const string Syntax = ";&|<>(){}*?[";

    private ShellWords(ImmutableArray<string> words, string? refused) => (Words, Refused) = (words, refused);

    /// <summary>The words; empty when it was refused.</summary>
    public ImmutableArray<string> Words { get; }

    /// <summary>The part that only a shell could make something of, as it may be shown, or what it is; null: there is none.</summary>
    public string? Refused { get; }

    /// <summary>Splits a command.</summary>
    public static ShellWords Split(string command)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        var word = new StringBuilder();
        var (isOpen, mayAssign) = (false, true);
        for (var i = 0; i < command.Length; i++)
        {
            var c = command[i];
            if (c is '\n' or '\r') return Refuse("a line break");
            if (c is ' ' or '\t')
            {
                if (isOpen) words.Add(word.ToString());
                word.Clear();
                (isOpen, mayAssign) = (false, true);
                continue;
            }

            if (c is '$' or '`' || Syntax.Contains(c, StringComparison.Ordinal) || (!isOpen && c is '~' or '#' or '!')) return Refuse(Part(command, i));
            if (c == '=' && words.Count == 0 && mayAssign && IsName(word)) return Refuse(Part(command, i - word.Length));
            isOpen = true;
            switch (c)
            {
                case '\\':
                    if (++i == command.Length || command[i] is '\n' or '\r') return Refuse(Part(command, i - 1));
                    mayAssign = false;
                    word.Append(command[i]);
                    break;
                case '\'' or '"':
                    mayAssign = false;
                    var end = c == '\'' ? Literal(command, i, word) : Quoted(command, i, word);
                    if (end < 0) return Refuse(Part(command, i));
                    i = end;
                    break;
                default:
                    word.Append(c);
                    break;
            }
        }

        if (isOpen) words.Add(word.ToString());
        return new ShellWords(words.ToImmutable(), null);
    }

    private static int Literal(string command, int quote, StringBuilder word)
    {
        var end = command.IndexOf('\'', quote + 1);
        if (end < 0 || command.AsSpan(quote, end - quote).IndexOfAny('\n', '\r') >= 0) return -1;
        word.Append(command, quote + 1, end - quote - 1);
        return end;
    }

    /// <summary>Where double quotes end; less than nothing when they do not, or hold what a shell would expand.</summary>
    private static int Quoted(string command, int quote, StringBuilder word)
    {
        for (var i = quote + 1; i < command.Length; i++)
        {
            var c = command[i];
            if (c == '"') return i;
            if (c is '$' or '`' or '\n' or '\r') return -1;
            if (c == '\\' && i + 1 < command.Length && command[i + 1] is '$' or '`' or '"' or '\\') c = command[++i];
            word.Append(c);
        }

        return -1;
    }

    private static bool IsName(StringBuilder word)
    {
        if (word.Length == 0 || char.IsAsciiDigit(word[0])) return false;
        for (var i = 0; i < word.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(word[i]) && word[i] != '_') return false;
        }

        return true;
    }

    private static string Part(string command, int from) => BoundedPart.Of(command, from, command.Length - from);

    private static ShellWords Refuse(string part) => new([], part);
}
