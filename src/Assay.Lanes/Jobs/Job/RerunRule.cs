using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>
/// A job that is done is run again: the same specification under components that may be others, as a job of its own, so that it needs its
/// approvals anew and nothing of the first is written over. It is no spawn and uses none of its budget.
/// </summary>
internal static class RerunRule
{
    /// <summary>The event that asks for it, with the specification that says in its lineage which rerun it is and why.</summary>
    public static JobRerunRequested Request(JobState state, RerunJob asked)
    {
        var job = state.Job;
        var components = asked.Components ?? job.Components;
        var rerun = new JobRerun(state.Reruns.Length + 1, asked.Reason, Changed(job.Components, components));
        var lineage = new JobLineage(job.Lineage.RootJobId ?? job.JobId, job.JobId, job.Lineage.Generation) { Rerun = rerun };
        var spec = WithLineage(asked.Spec, lineage);
        var blob = Blob.Of(JsonLine.Canonical(spec));
        var identity = JobIdentity.Job(spec, job.Bundle.Sha256);
        var again = job with
        {
            JobId = JobIdentity.Short(identity),
            SpecSha256 = identity,
            Spec = job.Spec with { Sha256 = blob.Sha256, SizeBytes = blob.Bytes.Length },

            // An idea is its own specification.
            Input = job.Kind == JobKind.Idea ? job.Input with { Sha256 = blob.Sha256, SizeBytes = blob.Bytes.Length } : job.Input,
            Components = components,
            Lineage = lineage,
        };
        return new JobRerunRequested(again, asked.By) { Attached = [blob, .. OwnContractRule.Texts(asked.Components?.Values ?? [])] };
    }

    /// <summary>The stages behind which one set of components has another program, declaration or file than the other.</summary>
    public static ImmutableArray<string> Changed(
        ImmutableSortedDictionary<string, ComponentBinding> was, ImmutableSortedDictionary<string, ComponentBinding> now) =>
        [.. JobStages.All.Select(s => s.Stage).Where(s => was.GetValueOrDefault(s)?.Sha256 != now.GetValueOrDefault(s)?.Sha256)];

    private static JsonObject WithLineage(JsonElement spec, JobLineage lineage)
    {
        var all = JsonNode.Parse(spec.GetRawText())!.AsObject();
        if (all["extensions"] is not JsonObject extensions) all["extensions"] = extensions = [];
        var family = new JsonObject
        {
            ["root_job_id"] = lineage.RootJobId,
            ["parent_job_id"] = lineage.ParentJobId,
            ["generation"] = lineage.Generation,
            ["iteration"] = lineage.Generation,
            ["rerun"] = lineage.Rerun!.Number,
        };
        if (lineage.Rerun.Reason is { } reason) family["rerun_reason"] = reason;
        extensions["lineage"] = family;
        return all;
    }
}
