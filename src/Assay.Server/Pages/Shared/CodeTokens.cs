using System.Text.RegularExpressions;

namespace Assay.Server.Pages.Shared;

/// <summary>A piece of a line of code; the class is that of its colour, or null.</summary>
internal readonly record struct CodeToken(string Text, string? Class);

/// <summary>
/// Colours lines of code: comments, texts, numbers and the words that most languages share. It looks at one line at a time, as a diff shows them, so what spans
/// lines keeps its plain colour.
/// </summary>
internal static partial class CodeTokens
{
    private static readonly HashSet<string> HashComments = new([".sh", ".py", ".rb", ".pl", ".t", ".yaml", ".yml", ".toml", ".mk", ".cmake", ".r"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The pieces of a line of a file of that name.</summary>
    public static IEnumerable<CodeToken> Of(string line, string file)
    {
        var hash = HashComments.Contains(Path.GetExtension(file)) || Path.GetFileName(file) is "Makefile" or "Dockerfile";
        var at = 0;
        foreach (Match match in (hash ? Hash() : Slash()).Matches(line))
        {
            if (match.Index > at) yield return new CodeToken(line[at..match.Index], null);
            yield return new CodeToken(match.Value, match.Groups["comment"].Success ? "comment" : match.Groups["text"].Success ? "text" : match.Groups["number"].Success ? "number" : "word");
            at = match.Index + match.Length;
        }

        if (at < line.Length) yield return new CodeToken(line[at..], null);
    }

    private const string Rest =
        """(?<text>"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`(\\.|[^`\\])*`)|(?<number>\b\d[\w.]*)|\b(abstract|and|as|async|await|bool|break|case|catch|class|const|continue|def|default|defer|do|done|echo|elif|else|enum|esac|export|extends|false|fi|final|finally|fn|for|foreach|from|func|function|if|impl|import|in|int|interface|internal|is|lambda|let|local|loop|match|module|mut|namespace|new|nil|none|None|not|null|or|override|package|pass|private|protected|pub|public|raise|readonly|record|return|self|static|string|struct|super|switch|then|this|throw|trait|true|True|False|try|type|typeof|use|using|val|var|void|when|where|while|with|yield)\b""";

    [GeneratedRegex(@"(?<comment>//.*|/\*.*?(\*/|$))|" + Rest, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Slash();

    [GeneratedRegex(@"(?<comment>(?<![\w$\{])#.*)|" + Rest, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Hash();
}
