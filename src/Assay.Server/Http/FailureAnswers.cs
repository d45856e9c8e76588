using Assay.Ledger;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Http;

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
            var (refusal, detail) = e switch
            {
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
                    (HttpRefusal.BodyTooLarge, $"the body must have at most {RequestBody.MaxBytes} bytes"),
                BadHttpRequestException bad => (HttpRefusal.Of(bad.StatusCode), "the request is not well formed"),
                InvalidDataException => (HttpRefusal.Form, "the form is not well formed, or a field of it is too long"),
                LedgerException ledger => (HttpRefusal.Ledger, ledger.Message),
                _ => (HttpRefusal.Bug, "this is a bug in Assay"),
            };
            if (refusal == HttpRefusal.Bug) await Console.Error.WriteLineAsync($"assay: {context.Request.Method} {context.Request.Path}: {e}");
            await Problems.WriteAsync(context, refusal, detail);
        }
    }

    /// <summary>What routing refused has a status and no words.</summary>
    private static Task ExplainAsync(HttpContext context)
    {
        var (refusal, detail) = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (HttpRefusal.NotFound, Problems.NothingHere),
            StatusCodes.Status405MethodNotAllowed => (HttpRefusal.Method, $"{context.Request.Method} is not possible here"),
            StatusCodes.Status415UnsupportedMediaType => (HttpRefusal.ContentType, "the body must be application/json"),
            var status => (HttpRefusal.Of(status), "the request is not well formed"),
        };
        return Problems.WriteAsync(context, refusal, detail);
    }
}
