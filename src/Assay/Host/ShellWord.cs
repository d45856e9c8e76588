using System.Text.RegularExpressions;

namespace Assay.Host;

/// <summary>A word of a command that a person copies, as a shell takes it.</summary>
internal static partial class ShellWord
{
    public static string Of(string text) => Plain().IsMatch(text) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex("^[A-Za-z0-9_./:@%+=,-]+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();
}
