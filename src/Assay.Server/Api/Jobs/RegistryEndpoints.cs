using Assay.Inputs;
using Assay.Jobs;
using Assay.Lanes.Jobs;
using Assay.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Api.Jobs;

/// <summary>The JSON API of the registry.</summary>
internal sealed class RegistryEndpoints(JobService service)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        var registry = routes.MapGroup("/registry").WithTags("registry");
        registry.MapGet("", ListAsync).WithSummary("List the trials, the latest first")
            .WithDescription("verdict narrows it; sort=recorded gives the oldest first.").Produces<TrialPage>().Refuses(400);
        registry.MapGet("/{trial}", ShowAsync).WithSummary("Show a trial with its card, by its number or the card's id")
            .Produces<TrialView>().Refuses(404);
    }

    private async Task<IResult> ListAsync(string? verdict, string? sort, string? cursor, string? limit)
    {
        if (ListWords.Refused(HttpRefusal.Verdict, verdict, TrialSummary.Verdicts) is { } unknown) return unknown;
        var order = sort is null ? null : ListOrder.Of(sort, TrialSummary.Orders);
        if (sort is not null && order is null) return Problems.Result(HttpRefusal.Sort, ListWords.NoOrder(sort, TrialSummary.Orders));
        var (place, refused) = ListPlace.Of(limit, cursor);
        if (place is null) return refused!;
        var found = await service.Registry.ListAsync(verdict, place.After, place.Limit + 1, order is { IsDescending: false });
        var (items, next) = place.Page(found, trial => trial.Place);
        return Results.Json(new TrialPage(items, next), JobViewJson.Shared.TrialPage);
    }

    private async Task<IResult> ShowAsync(string trial) => await service.Registry.FindAsync(trial) is { } found
        ? Results.Json(found, JobViewJson.Shared.TrialView)
        : Problems.Result(Absent.Trial(trial));
}
