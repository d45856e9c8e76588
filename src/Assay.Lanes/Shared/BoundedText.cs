namespace Assay.Lanes.Shared;

/// <summary>Text that others bring, cut so that it fits an event and a line.</summary>
internal static class BoundedText
{
    /// <summary>At most so many UTF-16 units, the last an ellipsis when something was cut; no surrogate pair is torn.</summary>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most) return text;
        var end = char.IsHighSurrogate(text[most - 2]) ? most - 2 : most - 1;
        return $"{text[..end]}…";
    }
}
