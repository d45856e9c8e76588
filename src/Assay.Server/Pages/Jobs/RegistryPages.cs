using Assay.Inputs;
using Assay.Jobs;
using Assay.Lanes.Jobs;
using Assay.Server.Http;
using Assay.Server.Pages.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Pages.Jobs;

/// <summary>The pages of the registry: the trials, and one with its card.</summary>
internal sealed class RegistryPages(JobService service, PageAnswers answers)
{
    private const int PageSize = 50;
    private const string Home = "/ui/registry";

    public void Map(IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup(Home).ExcludeFromDescription();
        pages.MapGet("", (Delegate)ListAsync);
        pages.MapGet("/{trial}", ShowAsync);
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var address = ListAddress.Of(context.Request, Home);
        if (address.State is { } verdict && !TrialSummary.Verdicts.Contains(verdict))
        {
            return answers.Refused(
                context, HttpRefusal.Verdict, "There is no such verdict", ListWords.No("verdict", verdict, TrialSummary.Verdicts), Home);
        }

        if (address.Sort is { } column && !TrialSummary.Orders.Contains(column))
        {
            return answers.Refused(context, HttpRefusal.Sort, "There is no such order", ListWords.NoOrder(column), Home);
        }

        if (!ListAddress.HasLimit(context.Request))
        {
            return answers.Refused(context, HttpRefusal.Limit, "There is no such page", PageLimit.Wrong, Home);
        }

        (string, string)? after = null;
        if (address.Cursor is { } cursor && (after = Cursor.Decode(cursor)) is null)
        {
            return answers.Refused(context, HttpRefusal.Cursor, "There is no such page", Cursor.NoPlace, Home);
        }

        var oldestFirst = address is { Sort: not null, IsDescending: false };
        var found = await service.Registry.ListAsync(address.State, after, PageSize + 1, oldestFirst);
        return answers.Page<RegistryPage>(context, new()
        {
            [nameof(RegistryPage.Address)] = address,
            [nameof(RegistryPage.Page)] = ListPage<TrialSummary>.Of(found, PageSize, t => Cursor.Encode(t.Place.At, t.Place.Key)),
            [nameof(RegistryPage.Counts)] = await service.Registry.CountsAsync(),
        });
    }

    private async Task<IResult> ShowAsync(HttpContext context, string trial) => await service.Registry.FindAsync(trial) is { } found
        ? answers.Page<TrialPage>(context, new() { [nameof(TrialPage.View)] = found })
        : answers.NotFound(context, Absent.Trial(trial), Home);
}
