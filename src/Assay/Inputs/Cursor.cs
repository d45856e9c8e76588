using System.Buffers.Text;
using System.Text;
using Assay.Kernel.Streams;

namespace Assay.Inputs;

/// <summary>Where a page of a list ended, as an opaque text: a time, as the record writes it, and the key of a row.</summary>
internal static class Cursor
{
    /// <summary>What a text that is no cursor is refused for.</summary>
    public const string Rule = "cursor";

    public const string NoPlace = "that is no cursor of this list";

    private const int MaxLength = 512;

    public static string Encode(string at, string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{at}|{key}"));

    /// <summary>The place, or null when the text is no cursor.</summary>
    public static (string At, string Key)? Decode(string text)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|');
        var isPlace = parts.Length == 2 && parts[0].Length == "2026-01-01T00:00:00.000000Z".Length
            && parts[1].Split('/').All(StreamName.IsId);
        return isPlace ? (parts[0], parts[1]) : null;
    }
}
