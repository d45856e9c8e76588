using System.Text.Json.Serialization;
using Assay.Ledger;
using Assay.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Api;

/// <summary>Whether the server lives, and whether its ledger answers.</summary>
internal sealed class HealthEndpoints(IEventStore store)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Json(new HealthAnswer("ok"), HealthJson.Default.HealthAnswer)).WithTags("health").WithSummary("The process lives").Produces<HealthAnswer>();
        routes.MapGet("/readyz", ReadyAsync).WithTags("health").WithSummary("The ledger answers").Produces<HealthAnswer>().Refuses(503);
    }

    private async Task<IResult> ReadyAsync()
    {
        try
        {
            _ = await store.SessionsAsync();
            return Results.Json(new HealthAnswer("ok"), HealthJson.Default.HealthAnswer);
        }
        catch (LedgerException e)
        {
            return Problems.Result(HttpRefusal.Ledger, e.Message);
        }
    }
}

/// <summary>Whether the server is well.</summary>
/// <param name="Status">ok.</param>
internal sealed record HealthAnswer(string Status);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthJson : JsonSerializerContext;
