using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Kernel.Schemas;

/// <summary>
/// An ECMA-262 regular expression (with the u flag, as JSON Schema core section 6.4 recommends) in the framework's dialect. Where a match
/// takes long, which a busy machine may be the cause of, it is made once more with more patience, and in linear time where the pattern
/// has such a way (no look-arounds, no references back).
/// </summary>
internal sealed class EcmaPattern
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private const string Space = @"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";

    private readonly string _pattern;
    private readonly Regex _regex;
    private readonly Lazy<Regex> _patient;

    private EcmaPattern(string pattern)
    {
        var translated = Translate(pattern);
        (_pattern, _regex) = (pattern, new Regex(translated, RegexOptions.CultureInvariant, Soon));
        _patient = new Lazy<Regex>(() => Patient(translated));
    }

    /// <summary>Takes a pattern.</summary>
    /// <exception cref="SchemaException">It is none.</exception>
    public static EcmaPattern Compile(string pattern)
    {
        try
        {
            return new EcmaPattern(pattern);
        }
        catch (ArgumentException e)
        {
            throw new SchemaException($"the pattern {pattern} is no regular expression: {e.Message}");
        }
    }

    /// <summary>Whether a text has a part that matches; null: that could not be found out in time.</summary>
    public bool? Matches(string text) => Try(_regex, text) ?? Try(_patient.Value, text);

    private static bool? Try(Regex regex, string text)
    {
        try
        {
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    public override string ToString() => _pattern;

    private static Regex Patient(string translated)
    {
        try
        {
            return new Regex(translated, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Limit);
        }
        catch (NotSupportedException)
        {
            return new Regex(translated, RegexOptions.CultureInvariant, Limit);
        }
    }

    private static string Translate(string pattern)
    {
        var output = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                i = Escape(pattern, i + 1, inClass, output);
            }
            else if (c == '[' && inClass)
            {
                output.Append(@"\[");
            }
            else if (c == '$' && !inClass)
            {
                output.Append(@"\z");
            }
            else if (c == '.' && !inClass)
            {
                output.Append(@"(?:[\ud800-\udbff][\udc00-\udfff]|[^\n\r\u2028\u2029])");
            }
            else if (char.IsHighSurrogate(c) && i + 1 < pattern.Length && !inClass)
            {
                // A code point beyond the BMP counts as one character to a quantifier behind it.
                output.Append("(?:").Append(c).Append(pattern[++i]).Append(')');
            }
            else
            {
                if (c is '[') inClass = true;
                if (c is ']') inClass = false;
                output.Append(c);
            }
        }

        return output.ToString();
    }

    /// <summary>Translates the escape whose letter stands at <paramref name="i"/> and returns the index of its last character.</summary>
    private static int Escape(string pattern, int i, bool inClass, StringBuilder output)
    {
        string Set(string members) => inClass ? members : $"[{members}]";
        switch (pattern[i])
        {
            case 'd':
                output.Append(Set("0-9"));
                return i;
            case 'D':
                output.Append(inClass ? @"\D" : "[^0-9]");
                return i;
            case 'w':
                output.Append(Set("A-Za-z0-9_"));
                return i;
            case 'W':
                output.Append(inClass ? @"\W" : "[^A-Za-z0-9_]");
                return i;
            case 's':
                output.Append(Set(Space));
                return i;
            case 'S':
                output.Append(inClass ? @"\S" : $"[^{Space}]");
                return i;
            case '/':
            case '-':
                output.Append(pattern[i] == '-' ? @"\-" : "/");
                return i;
            case 'c' when i + 1 < pattern.Length && char.IsAsciiLetter(pattern[i + 1]):
                output.Append(CultureInfo.InvariantCulture, $"\\x{pattern[i + 1] % 32:x2}");
                return i + 1;
            case 'u' when i + 1 < pattern.Length && pattern[i + 1] == '{':
                var close = pattern.IndexOf('}', i);
                if (close < 0) throw new SchemaException($"the pattern {pattern} has an open \\u{{");
                var rune = new Rune(int.Parse(pattern.AsSpan(i + 2, close - i - 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                output.Append(Regex.Escape(rune.ToString()));
                return close;
            case 'p' or 'P' when i + 1 < pattern.Length && pattern[i + 1] == '{':
                var end = pattern.IndexOf('}', i);
                if (end < 0) throw new SchemaException($"the pattern {pattern} has an open \\p{{");
                output.Append('\\').Append(pattern[i]).Append('{').Append(Category(pattern[(i + 2)..end])).Append('}');
                return end;
            case var letter when char.IsAsciiLetter(letter) && !"bBfnrtvxukp0".Contains(letter):
                throw new SchemaException($"the pattern {pattern} uses \\{letter}, which ECMA-262 does not define");
            default:
                output.Append('\\').Append(pattern[i]);
                return i;
        }
    }

    private static string Category(string name)
    {
        var value = name[(name.IndexOf('=', StringComparison.Ordinal) + 1)..];
        return value switch
        {
            "Letter" => "L",
            "Lowercase_Letter" => "Ll",
            "Uppercase_Letter" => "Lu",
            "Number" => "N",
            "Decimal_Number" or "digit" => "Nd",
            "Punctuation" => "P",
            "Symbol" => "S",
            "Separator" => "Z",
            "Mark" => "M",
            "Other" => "C",
            _ => value,
        };
    }
}
