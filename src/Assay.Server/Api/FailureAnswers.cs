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
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var (status, rule, detail) = e switch
            {
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (StatusCodes.Status413PayloadTooLarge, "too_large", $"the body must have at most {RequestBody.MaxBytes} bytes"),
                BadHttpRequestException bad => (bad.StatusCode, "request", "the request is not well formed"),
                InvalidDataException => (StatusCodes.Status400BadRequest, "form", "the form is not well formed, or a field of it is too long"),
                LedgerException ledger => (StatusCodes.Status503ServiceUnavailable, "ledger", ledger.Message),
                _ => (StatusCodes.Status500InternalServerError, "bug", "this is a bug in Assay"),
            };
            if (rule == "bug") await Console.Error.WriteLineAsync($"assay: {context.Request.Method} {context.Request.Path}: {e}");
            await Problems.WriteAsync(context, status, rule, detail);
        }
    }
}
