using Assay.Ledger;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Api;

/// <summary>Turns what went wrong into an answer without inner details.</summary>
internal static class FailureAnswers
{
    public static async Task CatchAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= StatusCodes.Status400BadRequest, ContentType: null })
            {
                await ExplainAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var (status, rule, detail) = e switch
            {
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } large =>
                    (large.StatusCode, "too_large", $"the body must have at most {RequestBody.MaxBytes} bytes"),
                BadHttpRequestException bad => (bad.StatusCode, "request", "the request is not well formed"),
                InvalidDataException => (StatusCodes.Status400BadRequest, "form", "the form is not well formed, or a field of it is too long"),
                LedgerException ledger => (StatusCodes.Status503ServiceUnavailable, "ledger", ledger.Message),
                _ => (StatusCodes.Status500InternalServerError, "bug", "this is a bug in Assay"),
            };
            if (rule == "bug") await Console.Error.WriteLineAsync($"assay: {context.Request.Method} {context.Request.Path}: {e}");
            await Problems.WriteAsync(context, status, rule, detail);
        }
    }

    /// <summary>What routing refused has a status and no words.</summary>
    private static Task ExplainAsync(HttpContext context)
    {
        var (rule, detail) = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ("not_found", "there is no such thing here"),
            StatusCodes.Status405MethodNotAllowed => ("method", $"{context.Request.Method} is not possible here"),
            StatusCodes.Status415UnsupportedMediaType => ("content_type", "the body must be application/json"),
            _ => ("request", "the request is not well formed"),
        };
        return Problems.WriteAsync(context, context.Response.StatusCode, rule, detail);
    }
}
