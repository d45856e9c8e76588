using System.Text;

namespace Assay.Engine.Performers;

/// <summary>What is recorded of an exception: its words, bounded, in one line and without a stack trace.</summary>
internal static class FailureReason
{
    private const int MaxChars = 500;

    public static string Of(Exception e)
    {
        while (e is AggregateException { InnerException: { } inner }) e = inner;

        // What the operating system said speaks for itself; of anything else the kind says more than its words.
        var text = e is IOException or UnauthorizedAccessException ? e.Message : $"{e.GetType().Name}: {e.Message}";
        var line = new StringBuilder(Math.Min(text.Length, MaxChars));
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length >= MaxChars) return line.Append('…').ToString();
            line.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return line.ToString();
    }
}
