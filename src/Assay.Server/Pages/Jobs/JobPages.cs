using System.Text;
using Assay.Access;
using Assay.Inputs;
using Assay.Jobs;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Server.Api;
using Assay.Server.Api.Jobs;
using Assay.Server.Http;
using Assay.Server.Pages.Shared;
using Assay.Server.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Pages.Jobs;

/// <summary>The pages of jobs and runs, and what their forms do. A form does what the API does, with the same rules.</summary>
internal sealed class JobPages(
    JobService service, Submissions submissions, AccessGuard guard, PageAnswers answers, OncePerCommit<IReadOnlyDictionary<string, long>> counts, TimeProvider time)
{
    private const int PageSize = 50;
    private const int MostTrades = 200;
    private const string Home = "/ui/jobs";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", () => Results.Redirect(Home)).ExcludeFromDescription();
        var pages = routes.MapGroup("/ui").ExcludeFromDescription();
        pages.MapGet("", context => (IsEntry(context) ? Results.Redirect(Home) : NoPage(context)).ExecuteAsync(context));
        pages.MapFallback("/{**path}", context => NoPage(context).ExecuteAsync(context));
        pages.MapGet("/jobs", (Delegate)ListAsync);
        pages.MapGet("/jobs/{job_id}", JobAsync);
        pages.MapGet("/runs/{run_id}", RunAsync);
        pages.MapGet("/submit", (HttpContext context) => answers.Page<SubmitPage>(context, []));
        pages.MapPost("/submit", (Delegate)SubmitAsync);
        pages.MapPost("/jobs/{job_id}/approve", (HttpContext context, string job_id) => DecideAsync(context, job_id, (caller, form, sha256) =>
            service.ApproveAsync(job_id, form["step"].ToString(), sha256, caller, Text(form, "reason"))));
        pages.MapPost("/jobs/{job_id}/reject", (HttpContext context, string job_id) => DecideAsync(context, job_id, RejectAsync(job_id)));
        pages.MapPost("/jobs/{job_id}/cancel", (HttpContext context, string job_id) => PutAsync(context, job_id, (caller, form) =>
            service.CancelAsync(job_id, caller, Text(form, "reason"))));
        pages.MapPost("/jobs/{job_id}/retry", (HttpContext context, string job_id) => PutAsync(context, job_id, (caller, form) =>
            service.RetryAsync(job_id, caller, Text(form, "reason"), submissions.Options)));
        pages.MapPost("/jobs/{job_id}/rerun", (HttpContext context, string job_id) => PutAsync(context, job_id, (caller, form) =>
            service.RerunAsync(job_id, caller, Text(form, "reason"), submissions.Options), isMadeByWorker: true));
        pages.MapPost("/jobs/{job_id}/spawn", (HttpContext context, string job_id) => PutAsync(context, job_id, (caller, form) =>
            service.SpawnAsync(job_id, null, Text(form, "proposal_id"), caller)));
    }

    /// <summary>Whether somebody asked for the pages as such, not for a path that came to that.</summary>
    private static bool IsEntry(HttpContext context) => context.Features.Get<IHttpRequestFeature>()?.RawTarget is "/ui" or "/ui/";

    /// <summary>A page to a person, who reads it in a browser; to others a problem.</summary>
    private IResult NoPage(HttpContext context) => context.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == "text/html")
        ? answers.NotFound(context)
        : Problems.Absent();

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var address = ListAddress.Of(context.Request, "/ui/jobs");
        if (address.State is { } state && !JobService.States.Contains(state))
        {
            return answers.Refused(context, HttpRefusal.State, "There is no such state", ListWords.NoState(state));
        }

        if (address.Sort is not (null or JobFilter.Submitted))
        {
            return answers.Refused(context, HttpRefusal.Sort, "There is no such order", ListWords.NoOrder(address.Sort));
        }

        if (!ListAddress.HasLimit(context.Request))
        {
            return answers.Refused(context, HttpRefusal.Limit, "There is no such page", PageLimit.Wrong);
        }

        (string, string)? after = null;
        if (address.Cursor is { } cursor && (after = Cursor.Decode(cursor)) is null)
        {
            return answers.Refused(context, HttpRefusal.Cursor, "There is no such page", Cursor.NoPlace);
        }

        var filter = new JobFilter { State = address.State, IsAscending = address is { Sort: not null, IsDescending: false } };
        var found = await service.ListAsync(filter, after, PageSize + 1);
        return answers.Page<JobListPage>(context, new()
        {
            [nameof(JobListPage.Address)] = address,
            [nameof(JobListPage.Page)] = ListPage<JobSummary>.Of(found, PageSize, j => Cursor.Encode(j.SubmittedAt, j.JobId)),
            [nameof(JobListPage.Counts)] = await counts.ValueAsync(),
        });
    }

    private async Task<IResult> JobAsync(HttpContext context, string job_id) =>
        await JobPageModel.LoadAsync(service, job_id, time.GetUtcNow()) is { } model
            ? answers.Page<JobPage>(context, new() { [nameof(JobPage.Model)] = await model.WithCurvesAsync(service.Runs) })
            : answers.NotFound(context, Absent.Job(job_id), "/ui/jobs");

    private async Task<IResult> RunAsync(HttpContext context, string run_id, string? segment)
    {
        if (await service.Runs.FindAsync(run_id) is not { } run) return answers.NotFound(context, Absent.Dossier(run_id), "/ui/jobs");
        var selected = segment is null ? run.Segments.FirstOrDefault() : run.Segments.FirstOrDefault(s => s.SegmentId == segment);
        if (segment is not null && selected is null) return answers.NotFound(context);
        var points = await service.Runs.CurveAsync(run_id, selected?.SegmentId);
        return answers.Page<DossierPage>(context, new()
        {
            [nameof(DossierPage.Run)] = run,
            [nameof(DossierPage.Selected)] = selected,
            [nameof(DossierPage.Curve)] = points.Length == 0 ? null : new CurveShape(points),
            [nameof(DossierPage.Trades)] = await service.Runs.TradesAsync(run_id, selected?.SegmentId, MostTrades),
        });
    }

    private async Task<IResult> SubmitAsync(HttpContext context)
    {
        var (caller, refusal) = await guard.FormAsync(context, Role.Submitter);
        if (caller is null) return answers.Refused(context, refusal!, "/ui/submit");
        var form = await context.Request.ReadFormAsync();
        var kind = form["kind"] == "idea" ? JobKind.Idea : JobKind.Blueprint;
        var document = form["document"].ToString();
        var (answer, problems) = await submissions.SubmitAsync(kind, Encoding.UTF8.GetBytes(document), "document.yaml", Text(form, "snapshot_id"), Text(form, "policy_bundle_id"), caller);
        if (answer is { IsGiven: true }) return Results.Redirect($"/ui/jobs/{answer.Subject}");
        IReadOnlyList<string> shown = answer is null ? [.. problems.Select(p => p.ToString())] : [answer.Refusal!.Text];
        return answers.Page<SubmitPage>(
            context,
            new()
            {
                [nameof(SubmitPage.Problems)] = shown,
                [nameof(SubmitPage.Kind)] = form["kind"].ToString(),
                [nameof(SubmitPage.Document)] = document,
                [nameof(SubmitPage.Snapshot)] = form["snapshot_id"].ToString(),
                [nameof(SubmitPage.Bundle)] = form["policy_bundle_id"].ToString(),
            },
            StatusCodes.Status400BadRequest, answer?.Refusal?.Kind.Code ?? problems[0].Rule);
    }

    private Func<Caller, IFormCollection, Digest, Task<Answer<JobReceipt>>> RejectAsync(string jobId) => (caller, form, sha256) =>
    {
        var replacement = Text(form, "replacement") is { } text ? Encoding.UTF8.GetBytes(text) : null;
        return service.RejectAsync(jobId, form["step"].ToString(), sha256, caller, Text(form, "reason"), replacement);
    };

    private Task<IResult> DecideAsync(HttpContext context, string jobId, Func<Caller, IFormCollection, Digest, Task<Answer<JobReceipt>>> decide) => PutAsync(context, jobId, (caller, form) =>
    {
        var sha256 = form["sha256"].ToString();
        return sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower)
            ? decide(caller, form, Digest.Parse(sha256))
            : Task.FromResult(Answer<JobReceipt>.Refused(jobId, Said.NoHash(jobId)));
    });

    /// <param name="context">The form.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="put">What is asked for.</param>
    /// <param name="isMadeByWorker">Whether the job that is answered has no page yet, so that this one's is shown.</param>
    private async Task<IResult> PutAsync(
        HttpContext context, string jobId, Func<Caller, IFormCollection, Task<Answer<JobReceipt>>> put, bool isMadeByWorker = false)
    {
        var back = JobService.StreamOf(jobId) is not null ? $"/ui/jobs/{jobId}" : "/ui/jobs";
        var (caller, refusal) = await guard.FormAsync(context, Role.Submitter);
        if (caller is null) return answers.Refused(context, refusal!, back);
        var answer = await put(caller, await context.Request.ReadFormAsync());
        if (!answer.IsGiven) return answers.Refused(context, answer.Refusal, back);
        return Results.Redirect(isMadeByWorker ? back : $"/ui/jobs/{answer.Value.JobId}");
    }

    private static string? Text(IFormCollection form, string field) => form[field].ToString().Trim() is { Length: > 0 } text ? text : null;
}
