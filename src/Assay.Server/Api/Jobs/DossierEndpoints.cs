using Assay.Inputs;
using Assay.Jobs;
using Assay.Lanes.Jobs;
using Assay.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Api.Jobs;

/// <summary>The JSON API of runs. Of a hold-out it gives pass or fail and the permitted figures, whatever is asked.</summary>
internal sealed class DossierEndpoints(JobService service)
{
    private const int MostTrades = 10_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        var runs = routes.MapGroup("/runs").WithTags("runs");
        runs.MapGet("/{run_id}", ShowAsync).WithSummary("Show a run").Produces<DossierView>().Refuses(404);
        runs.MapGet("/{run_id}/trades", (string run_id) => TradesAsync(run_id, null))
            .WithSummary("The trades of a run without segments").Produces<TradesAnswer>().Refuses(404);
        runs.MapGet("/{run_id}/segments/{segment_id}/trades", (string run_id, string segment_id) => TradesAsync(run_id, segment_id))
            .WithSummary("The trades of a segment that was not held out").Produces<TradesAnswer>().Refuses(404);
        runs.MapGet("/{run_id}/segments/{segment_id}/curve", CurveAsync).WithSummary("The curve of a segment that was not held out").Produces<CurveAnswer>().Refuses(404);
    }

    private async Task<IResult> ShowAsync(string run_id) => await service.Runs.FindAsync(run_id) is { } run
        ? Results.Json(run, JobViewJson.Shared.DossierView)
        : Problems.Result(Absent.Dossier(run_id));

    private async Task<IResult> TradesAsync(string runId, string? segmentId) =>
        await service.Runs.TradesAsync(runId, segmentId, MostTrades) is { } trades
            ? Results.Json(trades, JobViewJson.Shared.TradesAnswer)
            : Problems.Absent();

    private async Task<IResult> CurveAsync(string run_id, string segment_id) =>
        await service.Runs.CurveAsync(run_id, segment_id) is { Length: > 0 } points
            ? Results.Json(new CurveAnswer(points), JobViewJson.Shared.CurveAnswer)
            : Problems.Absent();
}
