using System.Text;
using System.Text.Json;
using Assay.Access;
using Assay.Inputs;
using Assay.Jobs;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Server.Api.Events;
using Assay.Server.Http;
using Assay.Server.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Assay.Server.Api.Jobs;

/// <summary>The JSON API of jobs (lane document: Jobs, API).</summary>
internal sealed class JobEndpoints(JobService service, Submissions submissions, AccessGuard guard, EventAnswers events, JobEvents jobEvents)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/jobs").WithTags("jobs");
        jobs.MapGet("", ListAsync).WithSummary("List jobs, the newest first")
            .WithDescription("state, kind and verdict narrow it; sort is submitted or updated, with a minus before it the latest first.")
            .Produces<JobPage>().Refuses(400);
        jobs.MapPost("/blueprint", (HttpContext context, string? snapshot_id, string? policy_bundle_id) => SubmitAsync(context, JobKind.Blueprint, snapshot_id, policy_bundle_id))
            .WithSummary("Submit a blueprint").Accepts<JsonElement>("application/json").Produces<JobReceipt>(201).Produces<JobReceipt>().Refuses(400, 401, 403, 409, 413, 415, 422, 429);
        jobs.MapPost("/idea", (HttpContext context, string? snapshot_id, string? policy_bundle_id) => SubmitAsync(context, JobKind.Idea, snapshot_id, policy_bundle_id))
            .WithSummary("Submit an idea").Accepts<JsonElement>("application/json").Produces<JobReceipt>(201).Produces<JobReceipt>().Refuses(400, 401, 403, 409, 413, 415, 422, 429);
        jobs.MapGet("/{job_id}", ShowAsync).WithSummary("Show a job").WithDescription("The ETag is the digest that a decision must name, while the job waits for one.")
            .Produces<JobView>().Produces(304).Refuses(404);
        jobs.MapGet("/{job_id}/documents/{name}", DocumentAsync).WithSummary("One of a job's documents, byte for byte").Produces<JsonElement>().Refuses(404);
        jobs.MapGet("/{job_id}/events", EventsAsync).WithSummary("A job's events; as server-sent events when text/event-stream is accepted")
            .Produces<JsonElement>(200, "application/json", "text/event-stream").Refuses(400, 404, 503);
        jobs.MapPost("/{job_id}/approve", ApproveAsync).WithSummary("Approve the document that the job waits with").WithDescription("If-Match names the digest of the document that you saw.")
            .Accepts<ReasonRequest>(isOptional: true, "application/json").Produces<JobReceipt>().Refuses(400, 401, 404, 409, 412, 428, 429);
        jobs.MapPost("/{job_id}/reject", RejectAsync).WithSummary("Turn the document down, with or without a replacement").WithDescription("If-Match names the digest of the document that you saw.")
            .Accepts<RejectRequest>("application/json").Produces<JobReceipt>().Refuses(400, 401, 404, 409, 412, 422, 428, 429);
        jobs.MapPost("/{job_id}/spawn", SpawnAsync).WithSummary("Make a job of a proposal or a blueprint, as a child of a job that is done")
            .Accepts<SpawnRequest>("application/json").Produces<JobReceipt>(201).Refuses(400, 401, 403, 404, 409, 422, 429);
        jobs.MapPost("/{job_id}/cancel", CancelAsync).WithSummary("End a job").Accepts<ReasonRequest>(isOptional: true, "application/json").Produces<JobReceipt>().Refuses(400, 401, 404, 409, 429);
        jobs.MapPost("/{job_id}/retry", RetryAsync).WithSummary("Try the stage again that ended in an error").Accepts<ReasonRequest>(isOptional: true, "application/json")
            .Produces<JobReceipt>().Refuses(400, 401, 404, 409, 429);
        jobs.MapPost("/{job_id}/rerun", RerunAsync)
            .WithSummary("Run a job again that is done, as a job of its own with approvals of its own")
            .WithDescription("It is bound to the components as they are now. A worker makes the new job.")
            .Accepts<ReasonRequest>(isOptional: true, "application/json").Produces<JobReceipt>(201).Refuses(400, 401, 404, 409, 429);
    }

    private async Task<IResult> ListAsync(string? state, string? kind, string? verdict, string? sort, string? cursor, string? limit)
    {
        var unknown = ListWords.Refused(HttpRefusal.State, state, JobService.States)
            ?? ListWords.Refused(HttpRefusal.Kind, kind, JobService.Kinds)
            ?? ListWords.Refused(HttpRefusal.Verdict, verdict, TrialSummary.Verdicts);
        if (unknown is not null) return unknown;
        var order = ListOrder.Of(sort ?? $"-{JobFilter.Submitted}", JobFilter.Orders);
        if (order is null) return Problems.Result(HttpRefusal.Sort, ListWords.NoOrder(sort!, JobFilter.Orders));
        var (place, refused) = ListPlace.Of(limit, cursor);
        if (place is null) return refused!;
        var filter = new JobFilter
        {
            State = state,
            Kind = kind,
            Verdict = verdict,
            OrderBy = order.Column,
            IsAscending = !order.IsDescending,
        };
        var (items, next) = place.Page(await service.ListAsync(filter, place.After, place.Limit + 1), filter.PlaceOf);
        return Results.Json(new JobPage(items, next), JobViewJson.Shared.JobPage);
    }

    private async Task<IResult> SubmitAsync(HttpContext context, JobKind kind, string? snapshotId, string? bundleId)
    {
        if (!guard.TryApi(context, Role.Submitter, out var caller, out var refusal)) return refusal;
        var (body, unreadable) = await RequestBody.ReadAsync(context.Request);
        if (unreadable is not null) return unreadable;
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        return await submissions.OnceAsync(key, caller.Name, body, $"{kind} {context.Request.QueryString}", async () =>
        {
            var (answer, problems) = await submissions.SubmitAsync(kind, body, "body", snapshotId, bundleId, caller);
            if (answer is null) return (Problems.Result(problems), null);
            if (answer.Refusal is { } no) return (Problems.Result(no), null);
            return (Receipt(context, answer.Value!, answer.Value!.Status == JobReceipt.Created), answer.Subject);
        });
    }

    private async Task<IResult> ShowAsync(HttpContext context, string job_id)
    {
        if (await service.ViewAsync(job_id) is not { } view) return Problems.Result(Absent.Job(job_id));
        var tag = $"\"{view.Waiting?.Sha256 ?? $"v{view.Version}"}\"";
        context.Response.Headers.ETag = tag;
        if (context.Request.Headers.IfNoneMatch.ToString() == tag) return Results.StatusCode(StatusCodes.Status304NotModified);
        return Results.Json(view, JobViewJson.Shared.JobView);
    }

    private async Task<IResult> DocumentAsync(string job_id, string name, int? version)
    {
        if (await service.ViewAsync(job_id) is not { } job) return Problems.Result(Absent.Job(job_id));
        return await service.DocumentAsync(job, name, version) is { } bytes
            ? Results.Bytes(bytes, "application/json")
            : Problems.Result(Absent.Document(job_id, name, job.Documents.Where(d => d.InForce).Select(d => d.Name)));
    }

    private Task<IResult> EventsAsync(HttpContext context, string job_id, long? after) => events.AnswerAsync(context, jobEvents, job_id, after);

    private Task<IResult> ApproveAsync(HttpContext context, string job_id, string? step) => DecideAsync(context, step, async (caller, sha256) =>
    {
        var (request, refusal) = await RequestBody.ReadAsync(context.Request, JobRequestJson.Default.ReasonRequest, new ReasonRequest(null));
        return refusal ?? Answer(context, await service.ApproveAsync(job_id, step!, sha256, caller, request.Reason));
    });

    private Task<IResult> RejectAsync(HttpContext context, string job_id, string? step) => DecideAsync(context, step, async (caller, sha256) =>
    {
        var (request, refusal) = await RequestBody.ReadAsync(context.Request, JobRequestJson.Default.RejectRequest, new RejectRequest(null, null));
        if (refusal is not null) return refusal;
        var replacement = request.Replacement is { } document ? Encoding.UTF8.GetBytes(document.GetRawText()) : null;
        return Answer(context, await service.RejectAsync(job_id, step!, sha256, caller, request.Reason, replacement));
    });

    /// <summary>A decision names its step, and in If-Match the digest of what the person saw.</summary>
    private async Task<IResult> DecideAsync(HttpContext context, string? step, Func<Caller, Digest, Task<IResult>> decide)
    {
        if (!guard.TryApi(context, Role.Submitter, out var caller, out var refusal)) return refusal;
        if (step is null || !JobService.Checkpoints.Contains(step))
        {
            return Problems.Result(HttpRefusal.Step, $"step is one of {string.Join(", ", JobService.Checkpoints)}");
        }

        if (context.Request.Headers.IfMatch.Count == 0)
        {
            return Problems.Result(HttpRefusal.MatchRequired, "name in If-Match the digest of the document that you saw: the ETag of the job");
        }

        var given = EntityTagHeaderValue.TryParse(context.Request.Headers.IfMatch.ToString(), out var tag) && !tag.IsWeak ? tag.Tag.ToString().Trim('"') : "";
        if (given.Length != 64 || !given.All(char.IsAsciiHexDigitLower))
        {
            return Problems.Result(HttpRefusal.MatchForm, "If-Match is one digest of 64 hex digits, in quotes");
        }

        return await decide(caller, Digest.Parse(given));
    }

    private async Task<IResult> SpawnAsync(HttpContext context, string job_id)
    {
        if (!guard.TryApi(context, Role.Submitter, out var caller, out var refusal)) return refusal;
        var (request, unreadable) = await RequestBody.ReadAsync(context.Request, JobRequestJson.Default.SpawnRequest, new SpawnRequest(null, null));
        if (unreadable is not null) return unreadable;
        if ((request.ProposalId is null) == (request.Blueprint is null))
        {
            return Problems.Result(HttpRefusal.Body, "name either a proposal_id or a blueprint");
        }

        var blueprint = request.Blueprint is { } given ? InputDocument.Read(Encoding.UTF8.GetBytes(given.GetRawText()), "body") : (Checked<InputDocument>?)null;
        var answer = await service.SpawnAsync(job_id, blueprint?.Value, request.ProposalId, caller);
        return Answer(context, answer, isNew: true);
    }

    private async Task<IResult> CancelAsync(HttpContext context, string job_id)
    {
        if (!guard.TryApi(context, Role.Submitter, out var caller, out var refusal)) return refusal;
        var (request, unreadable) = await RequestBody.ReadAsync(context.Request, JobRequestJson.Default.ReasonRequest, new ReasonRequest(null));
        return unreadable ?? Answer(context, await service.CancelAsync(job_id, caller, request.Reason));
    }

    private async Task<IResult> RetryAsync(HttpContext context, string job_id)
    {
        if (!guard.TryApi(context, Role.Submitter, out var caller, out var refusal)) return refusal;
        var (request, unreadable) = await RequestBody.ReadAsync(context.Request, JobRequestJson.Default.ReasonRequest, new ReasonRequest(null));
        return unreadable ?? Answer(context, await service.RetryAsync(job_id, caller, request.Reason, submissions.Options));
    }

    private async Task<IResult> RerunAsync(HttpContext context, string job_id)
    {
        if (!guard.TryApi(context, Role.Submitter, out var caller, out var refusal)) return refusal;
        var (request, unreadable) = await RequestBody.ReadAsync(
            context.Request, JobRequestJson.Default.ReasonRequest, new ReasonRequest(null));
        return unreadable ?? Answer(context, await service.RerunAsync(job_id, caller, request.Reason, submissions.Options), isNew: true);
    }

    private static IResult Answer(HttpContext context, Answer<JobReceipt> answer, bool isNew = false) =>
        answer.IsGiven ? Receipt(context, answer.Value, isNew) : Problems.Result(answer.Refusal);

    private static IResult Receipt(HttpContext context, JobReceipt receipt, bool isNew)
    {
        if (isNew) context.Response.Headers.Location = $"/jobs/{receipt.JobId}";
        var status = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return Results.Json(receipt, JobViewJson.Shared.JobReceipt, statusCode: status);
    }
}
