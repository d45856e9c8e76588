using Assay.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Api;

/// <summary>Whether the server lives, and whether its ledger answers.</summary>
internal sealed class HealthEndpoints(IEventStore store)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Json(new HealthAnswer("ok"), ApiJson.Default.HealthAnswer)).WithTags("health").WithSummary("The process lives").Produces<HealthAnswer>();
        routes.MapGet("/readyz", Ready).WithTags("health").WithSummary("The ledger answers").Produces<HealthAnswer>().Refuses(503);
    }

    private IResult Ready()
    {
        try
        {
            _ = store.Sessions();
            return Results.Json(new HealthAnswer("ok"), ApiJson.Default.HealthAnswer);
        }
        catch (LedgerException e)
        {
            return Problems.Result(HttpRefusal.Ledger, e.Message);
        }
    }
}
