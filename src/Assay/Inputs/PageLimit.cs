using System.Globalization;

namespace Assay.Inputs;

/// <summary>
/// The most that somebody may ask for of a list: one bound, one code and one sentence on the command line, in the API and on pages.
/// </summary>
internal static class PageLimit
{
    /// <summary>What another number is refused for.</summary>
    public const string Rule = "limit";

    /// <summary>What is said then.</summary>
    public const string Wrong = "limit is a whole number from 1 to 1000";

    private const int Most = 1000;

    /// <summary>The number; null when the text is none that is taken.</summary>
    public static int? Of(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= Most ? number : null;
}
