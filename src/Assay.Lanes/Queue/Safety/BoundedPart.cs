namespace Assay.Lanes.Queue.Safety;

/// <summary>A part of what was judged, short enough to be shown.</summary>
internal static class BoundedPart
{
    private const int MaxLength = 120;

    public static string Of(string text, int from = 0) => Of(text, from, text.Length - from);

    public static string Of(string text, int from, int length)
    {
        if (length <= MaxLength) return text.Substring(from, length);
        var end = from + MaxLength - 1;
        return string.Concat(text.AsSpan(from, (char.IsHighSurrogate(text[end - 1]) ? end - 1 : end) - from), "…");
    }
}
