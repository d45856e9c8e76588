using System.Buffers.Text;
using System.Text;
using Assay.Lanes.Jobs;

namespace Assay.Server.Api;

/// <summary>Where a page of jobs ended, as an opaque text.</summary>
internal static class Cursor
{
    public static string Encode(string submittedAt, string jobId) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{submittedAt}|{jobId}"));

    /// <summary>The place, or null when the text is no cursor.</summary>
    public static (string SubmittedAt, string JobId)? Decode(string text)
    {
        if (text.Length > 128 || !Base64Url.IsValid(text)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|');
        return parts.Length == 2 && JobIdentity.IsShortId(parts[1]) && parts[0].Length == "2026-01-01T00:00:00.000000Z".Length ? (parts[0], parts[1]) : null;
    }
}
