using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>
/// What must hold of a document, beside its contract, before it comes into force; the same for one that a component made and one that a
/// person brought.
/// </summary>
internal static class DocumentRule
{
    /// <summary>The event by which the document comes into force, or why it does not.</summary>
    internal static (DocumentMade? Made, StageProblem? Problem) Make(JobState state, DocumentRef made, JsonElement document, Actor by)
    {
        if (PolicyRule.Override(document, state.Job.PolicyNames) is { } pointer)
        {
            return (null, Overriding(pointer));
        }

        switch (made.Name)
        {
            case JobDocumentNames.Blueprint:
                return (new BlueprintProposed(made, by), null);
            case JobDocumentNames.StrategySpec:
                return (new StrategySpecProposed(made, by), null);
            case JobDocumentNames.Runspec:
                if (OwnContractRule.SegmentsProblem(made, document) is { } unread) return (null, unread);
                var segments = Segments(document);
                var twice = segments.GroupBy(s => s.SegmentId, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
                if (twice is not null) return (null, new StageProblem(JobRefusals.SegmentId, $"{twice.Key} stands there twice", "/segments/list"));
                return HoldoutRule.Missing(state.Job, segments) is { } missing ? (null, missing) : (new RunspecCompiled(made, by, segments), null);
            case JobDocumentNames.TracePreview:
                return (new TracePreviewCompleted(made, by), null);
            case JobDocumentNames.GateResults:
                return Gates(state, made, GateRule.Read(document));
            case JobDocumentNames.Report:
                return (new ReportCompleted(made, by), null);
            case JobDocumentNames.Improvements:
                return Improvements(state, made, document, by);
            default:
                throw new InvalidOperationException($"no stage makes {made.Name}");
        }
    }

    /// <summary>A child of a job, from a blueprint that satisfies its contract.</summary>
    /// <param name="parent">The parent.</param>
    /// <param name="blueprint">The blueprint.</param>
    /// <param name="proposalId">The proposal's id; null for one that a person brought.</param>
    /// <param name="documents">Takes the documents that the child's events name.</param>
    public static ChildJob Child(JobDeclaration parent, JsonElement blueprint, string? proposalId, ICollection<Blob> documents)
    {
        var lineage = new JsonObject
        {
            ["root_job_id"] = parent.Lineage.RootJobId ?? parent.JobId,
            ["parent_job_id"] = parent.JobId,
            ["generation"] = parent.Lineage.Generation + 1,
            ["iteration"] = parent.Lineage.Generation + 1,
        };
        var spec = new JsonObject
        {
            ["schema_version"] = "job_spec_v1",
            ["snapshot_id"] = parent.SnapshotId,
            ["policy_bundle_path"] = parent.Bundle.Path,
            ["policy_bundle_id"] = parent.Bundle.Id,
            ["blueprint"] = JsonNode.Parse(blueprint.GetRawText()),
            ["extensions"] = new JsonObject { ["lineage"] = lineage },
        };
        var specBlob = Blob.Of(JsonLine.Canonical(spec));
        var blueprintBlob = Blob.Of(CanonicalJson.Serialize(blueprint));
        documents.Add(specBlob);
        documents.Add(blueprintBlob);
        var identity = JobIdentity.Job(spec, parent.Bundle.Sha256);
        return new ChildJob
        {
            ProposalId = proposalId,
            Title = blueprint.GetProperty("title").GetString()!,
            JobId = JobIdentity.Short(identity),
            SpecSha256 = identity,
            Spec = new DocumentRef(JobDocumentNames.Spec, 1, JobPaths.SpecFile, specBlob.Sha256, specBlob.Bytes.Length, "job_spec_v1"),
            Blueprint = new DocumentRef(JobDocumentNames.Blueprint, 1, JobPaths.Input(JobKind.Blueprint), blueprintBlob.Sha256, blueprintBlob.Bytes.Length, "blueprint_v1"),
        };
    }

    private static StageProblem Overriding(string pointer) =>
        new(JobRefusals.PolicyOverride, "extensions are metadata and cannot set what a policy sets", pointer);

    private static ImmutableArray<SegmentRef> Segments(JsonElement runspec) => runspec.TryGetProperty("segments", out var segments)
        ? [
            .. segments.GetProperty("list").EnumerateArray().Select(s => new SegmentRef(
                s.GetProperty("segment_id").GetString()!, s.TryGetProperty("holdout", out var holdout) && holdout.GetBoolean())),
        ]
        : [];

    private static (DocumentMade?, StageProblem?) Gates(JobState state, DocumentRef made, GateResults results)
    {
        if (GateRule.Problem(results, state.Segments, state.Job) is { } problem) return (null, problem);
        var held = state.Holdouts?.Verdicts ?? [];
        var passed = results.Gates.Count(GateRule.HasPassed) + held.Count(v => v.Passed);
        var all = results.Gates.Length + held.Length;
        return (new GatesCompleted(made, Actor.Engine, GateRule.Passed(results, held) && HoldoutRule.AreJudged(state, results), passed, all - passed), null);
    }

    private static (DocumentMade?, StageProblem?) Improvements(JobState state, DocumentRef made, JsonElement document, Actor by)
    {
        var proposals = document.GetProperty("proposals");
        var children = ImmutableArray.CreateBuilder<ChildJob>();
        var documents = new List<Blob>();
        for (var i = 0; i < proposals.GetArrayLength(); i++)
        {
            var pointer = $"/proposals/{i}";
            var id = proposals[i].GetProperty("proposal_id").GetString()!;
            var blueprint = proposals[i].GetProperty("blueprint");
            if (children.Any(c => c.ProposalId == id))
            {
                return (null, new StageProblem(JobRefusals.ProposalId, $"{id} stands there twice", $"{pointer}/proposal_id"));
            }

            if (ContractCatalog.Validate("blueprint_v1", blueprint) is [var error, ..])
            {
                var at = $"{pointer}/blueprint{error.InstancePointer}";
                return (null, new StageProblem(JobRefusals.Contract, $"the blueprint of {id} breaks blueprint_v1: {error.Message}", at));
            }

            if (PolicyRule.Override(blueprint, state.Job.PolicyNames) is { } reserved)
            {
                return (null, Overriding($"{pointer}/blueprint{reserved}"));
            }

            children.Add(Child(state.Job, blueprint, id, documents));
        }

        return (new ImprovementsProposed(made, by, children.ToImmutable()) { Attached = documents }, null);
    }
}

/// <summary>A document that a person puts in the place of a rejected one.</summary>
internal static class ReplacementRule
{
    /// <summary>The event by which the replacement comes into force, or why it does not.</summary>
    public static (DocumentMade? Made, StageProblem? Problem) Make(JobState state, RejectStep reject, ReadOnlyMemory<byte> bytes)
    {
        var checkpoint = (JobStep.Checkpoint)state.Next!;
        if (reject.Step == JobStages.TracePreview)
        {
            const string why = "a trace preview shows what was calculated and cannot be replaced";
            return (null, new StageProblem(JobRefusals.NoReplacement, $"{why}: reject the job, or approve it"));
        }

        var kind = JobStages.Making(checkpoint.Document);
        if (bytes.Length > StageProcess.MaxDocumentBytes)
        {
            return (null, new StageProblem(
                KernelRefusals.TooLarge, $"the replacement has more than {StageProcess.MaxDocumentBytes} bytes"));
        }

        var (contract, unusable) = OwnContractRule.Of(kind, state.Job.Components.GetValueOrDefault(kind.Stage)?.Contract, reject.Contract);
        if (contract is null) return (null, unusable);
        var read = InputDocument.Read(bytes, "replacement", StrictJson.UntrustedDepth);
        var problems = read.IsValid ? contract.Check(read.Value).Problems : read.Problems;
        if (problems.Count > 0)
        {
            return (null, new StageProblem(
                JobRefusals.Contract, $"the replacement breaks {contract.Name}: {problems[0].Message}", problems[0].Pointer));
        }

        var canonical = Blob.Of(CanonicalJson.Serialize(read.Value.Root));
        if (state.History.Any(d => d.Name == checkpoint.Document && d.Sha256 == canonical.Sha256))
        {
            return (null, new StageProblem(JobRefusals.SameDocument, "the replacement is a document that was there before"));
        }

        var version = state.VersionsOf(checkpoint.Document) + 1;
        var made = new DocumentRef(
            kind.Document, version, JobPaths.Document(kind, version), canonical.Sha256, canonical.Bytes.Length, contract.Name);
        var (proposed, problem) = DocumentRule.Make(state, made, read.Value.Root, reject.By);
        return proposed is null ? (null, problem) : (proposed with { Attached = [.. proposed.Attached ?? [], canonical] }, null);
    }
}
