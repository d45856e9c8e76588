using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Assay.Server.Http;

/// <summary>Reads the bodies of requests: JSON, at most 1 MiB, strictly.</summary>
internal static class RequestBody
{
    public const long MaxBytes = 1 << 20;

    /// <summary>The body's bytes, or why there are none.</summary>
    public static async Task<(ReadOnlyMemory<byte> Bytes, IResult? Refusal)> ReadAsync(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.MediaType != "application/json")
        {
            return (default, Problems.Result(HttpRefusal.ContentType, "the body must be application/json"));
        }

        using var bytes = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(bytes, request.HttpContext.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            var refusal = e.StatusCode == StatusCodes.Status400BadRequest ? HttpRefusal.Body : HttpRefusal.Of(e.StatusCode);
            return (default, Problems.Result(refusal, $"the body must be complete and have at most {MaxBytes} bytes"));
        }

        return (bytes.ToArray(), null);
    }

    /// <summary>A small body as a value; an absent one as <paramref name="absent"/>.</summary>
    public static async Task<(T Value, IResult? Refusal)> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, T absent)
    {
        if (request.ContentLength is null or 0 && request.ContentType is null) return (absent, null);
        var (bytes, refusal) = await ReadAsync(request);
        if (refusal is not null) return (absent, refusal);
        if (bytes.IsEmpty) return (absent, null);
        var strict = StrictJson.Parse(bytes, "body");
        if (!strict.IsValid) return (absent, Problems.Result(strict.Problems));
        try
        {
            return (strict.Value.Deserialize(type) ?? absent, null);
        }
        catch (JsonException e)
        {
            return (absent, Problems.Result(HttpRefusal.Body, $"the body is not what this request takes: {e.Message}"));
        }
    }
}
