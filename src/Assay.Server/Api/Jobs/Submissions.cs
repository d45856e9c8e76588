using Assay.Access;
using Assay.Inputs;
using Assay.Jobs;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Jobs;
using Assay.Ledger;
using Assay.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Api.Jobs;

/// <summary>Takes blueprints and ideas, from the API and from pages alike.</summary>
internal sealed class Submissions(JobService service, IEventStore store, PolicyShelf policies, JobOptions options, TimeProvider time) : IDisposable
{
    private const int MaxKeyLength = 255;

    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Components and job root of what is submitted here.</summary>
    public JobOptions Options => options;

    public void Dispose() => _gate.Dispose();

    /// <summary>Submits a document.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="body">Its bytes.</param>
    /// <param name="source">How errors name it; its extension decides between JSON and YAML.</param>
    /// <param name="snapshotId">The data snapshot.</param>
    /// <param name="bundleId">The policy bundle; null: the one there is, or the one that the idea names.</param>
    /// <param name="by">The person.</param>
    public async Task<(Answer<JobReceipt>? Answer, IReadOnlyList<InputProblem> Problems)> SubmitAsync(
        JobKind kind, ReadOnlyMemory<byte> body, string source, string? snapshotId, string? bundleId, Caller by)
    {
        var document = InputDocument.Read(body, source);
        if (!document.IsValid) return (null, document.Problems);
        var root = document.Value.Root;
        if (kind == JobKind.Idea && bundleId is null && root.ValueKind == System.Text.Json.JsonValueKind.Object && root.TryGetProperty("policy_bundle_id", out var named))
        {
            bundleId = named.ToString();
        }

        var bundle = policies.Find(bundleId);
        if (!bundle.IsValid) return (null, bundle.Problems);
        var prepared = kind == JobKind.Blueprint
            ? JobService.Prepare(document.Value, snapshotId, bundle.Value, options, by)
            : JobService.PrepareIdea(document.Value, snapshotId, bundle.Value, options, by);
        return prepared.IsValid ? (await service.SubmitAsync(prepared.Value), []) : (null, prepared.Problems);
    }

    /// <summary>
    /// Answers a request with an Idempotency-Key once: the same key again gives the same job, and with another request it is refused.
    /// </summary>
    public async Task<IResult> OnceAsync(string? key, string person, ReadOnlyMemory<byte> body, string query, Func<Task<(IResult Result, string? JobId)>> submit)
    {
        if (string.IsNullOrEmpty(key)) return (await submit()).Result;
        if (key.Length > MaxKeyLength || key.Any(c => c is < '!' or > '~'))
        {
            return Problems.Result(HttpRefusal.KeyForm, $"an Idempotency-Key has 1 to {MaxKeyLength} visible ASCII characters");
        }

        var name = Digest.Of($"{person}\n{key}").ToString();
        var request = Digest.Of($"{query}\n{Digest.Of(body.Span)}").ToString();
        await _gate.WaitAsync();
        try
        {
            if (await store.FindKeyAsync(name) is { } known)
            {
                return known.Request == request
                    ? Results.Json(new JobReceipt(known.Answer, JobReceipt.Exists), JobViewJson.Shared.JobReceipt)
                    : Problems.Result(HttpRefusal.KeyReused, "this Idempotency-Key came with another request before");
            }

            var (result, jobId) = await submit();
            if (jobId is not null) (await store.CommitAsync(new Commit([]) { Keys = [new RequestKey(name, request, jobId, RecordedTime.Text(time.GetUtcNow()))] })).OrFailure();
            return result;
        }
        finally
        {
            _gate.Release();
        }
    }
}
