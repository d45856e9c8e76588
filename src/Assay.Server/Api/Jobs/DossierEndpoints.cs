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
    public void Map(IEndpointRouteBuilder routes)
    {
        var runs = routes.MapGroup("/runs").WithTags("runs");
        runs.MapGet("/{run_id}", Show).WithSummary("Show a run").Produces<DossierView>().Refuses(404);
        runs.MapGet("/{run_id}/segments/{segment_id}/curve", Curve).WithSummary("The curve of a segment that was not held out").Produces<CurveAnswer>().Refuses(404);
    }

    private IResult Show(string run_id) => service.Runs.Find(run_id) is { } run
        ? Results.Json(run, JobViewJson.Shared.DossierView)
        : Problems.Result(Absent.Dossier(run_id));

    private IResult Curve(string run_id, string segment_id) => service.Runs.Curve(run_id, segment_id) is { Length: > 0 } points
        ? Results.Json(new CurveAnswer(points), JobViewJson.Shared.CurveAnswer)
        : Problems.Absent();
}
