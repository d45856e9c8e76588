using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Assay.Gateway;

/// <summary>The head of a model's answer: what an agent needs of it, and nothing that a provider could put a text into.</summary>
internal static class AnswerHead
{
    private const string OtherType = "application/octet-stream";

    private static readonly string[] Types = ["application/json", "text/event-stream", "text/plain"];

    /// <summary>Copies status, kind of content and when to ask again; returns the kind.</summary>
    public static string Copy(HttpResponseMessage from, HttpResponse to)
    {
        to.StatusCode = (int)from.StatusCode;
        var said = from.Content.Headers.ContentType?.MediaType;
        var type = Types.FirstOrDefault(t => string.Equals(t, said, StringComparison.OrdinalIgnoreCase)) ?? OtherType;
        to.ContentType = type;
        if (Seconds(from.Headers.RetryAfter) is { } seconds) to.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return type;
    }

    private static long? Seconds(RetryConditionHeaderValue? after) =>
        after?.Delta is { TotalSeconds: >= 0 and < 1e6 } delta ? (long)delta.TotalSeconds : null;
}
