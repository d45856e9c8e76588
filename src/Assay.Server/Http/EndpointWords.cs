using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Http;

/// <summary>What endpoints say of themselves in the OpenAPI document.</summary>
internal static class EndpointWords
{
    /// <summary>The statuses with which an endpoint refuses, each with a problem document.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses) endpoint.Produces<ProblemDocument>(status, Problems.ContentType);
        return endpoint;
    }
}
