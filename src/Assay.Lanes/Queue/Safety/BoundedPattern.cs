using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Regular expressions for what untrusted work wrote: matched in time that grows with the text alone.</summary>
internal static class BoundedPattern
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>Takes a pattern.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    /// <exception cref="NotSupportedException">It looks around or refers back.</exception>
    public static Regex Of(string pattern, RegexOptions more = RegexOptions.None) => new(pattern, Options | more, Regex.InfiniteMatchTimeout);
}
