namespace Assay.Lanes.Queue.Safety;

/// <summary>A part of what was judged as it may be shown: without secrets and hidden characters, and short.</summary>
internal static class BoundedPart
{
    private const int MaxLength = 120;

    public static string Of(string text) => Of(text, 0, text.Length);

    /// <summary>A part, masked before it is cut out, so that half a secret is none either.</summary>
    public static string Of(string text, int from, int length)
    {
        var shown = HiddenText.Shown(SecretText.Mask(text).Substring(from, length));
        return shown.Length <= MaxLength ? shown : string.Concat(shown.AsSpan(0, char.IsHighSurrogate(shown[MaxLength - 2]) ? MaxLength - 2 : MaxLength - 1), "…");
    }
}
