using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>
/// What a run may leave (lane document: Jobs, Segments). Every segment brings its figures; all but a hold-out bring curve and trades, and
/// a hold-out brings neither. With segments no other file may be there, since any could hold what must not be seen.
/// </summary>
internal static class DossierRule
{
    private static readonly string[] WithSegments = [DossierLayout.Metrics, DossierLayout.Summary];

    /// <summary>The files whose content the rule looks at.</summary>
    public static ImmutableArray<CollectedName> Wanted(ImmutableArray<SegmentRef> segments) =>
    [
        StageProcess.Collected(DossierLayout.Metrics),
        .. segments.Length == 0 ? Array.Empty<CollectedName>() : [StageProcess.Collected(DossierLayout.Summary)],
        .. segments.Select(s => StageProcess.Collected(DossierLayout.Segment(s.SegmentId, DossierLayout.Metrics))),
    ];

    /// <summary>Why there is no dossier; null when all is as it must be.</summary>
    public static StageProblem? Judge(DossierDeclared run, ProcessOutcome outcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        if (outcome.ListProblem is { } problem)
        {
            return new StageProblem(StageRefusals.OutputFolder, $"the output folder cannot be listed: {problem}");
        }

        if (outcome.Listed.FirstOrDefault(f => f.Sha256 is null) is { } bad)
        {
            return SealedRule.FolderOf(run, bad.Name) is { } folder
                ? SealedRule.Problem(run, StageRefusals.OutputFile, $"{folder} holds what cannot be read")
                : new StageProblem(StageRefusals.OutputFile, $"{bad.Name} {bad.Problem}");
        }

        if (NameProblem(run, [.. outcome.Listed.Select(f => f.Name)]) is { } name) return name;
        foreach (var file in outcome.Files)
        {
            var contract = file.Name.EndsWith(DossierLayout.Summary, StringComparison.Ordinal) ? "segments_summary_v1" : "metrics_v1";
            ReadOnlyMemory<byte>? content = evidence.TryGetValue(file.Name, out var bytes) ? (ReadOnlyMemory<byte>?)bytes : null;
            if (StageJudge.DocumentProblem(file, content, ContractCatalog.Of(contract), out var document) is { } wrong)
            {
                return SealedRule.Of(run, file, contract, wrong);
            }

            if (contract == "segments_summary_v1" && SummaryProblem(run, document) is { } summary) return summary;
        }

        return null;
    }

    /// <summary>The path of a segment's file, or of one of a run without segments, that may be shown; null: it may not.</summary>
    /// <param name="segments">The run's.</param>
    /// <param name="segmentId">The segment; null: the whole run.</param>
    /// <param name="file">The file's name.</param>
    public static string? Shown(ImmutableArray<SegmentRef> segments, string? segmentId, string file) => segmentId is null
        ? segments.IsEmpty ? file : null
        : segments.Any(s => s.SegmentId == segmentId && !s.Holdout) ? DossierLayout.Segment(segmentId, file) : null;

    /// <summary>A summary without the entries of hold-outs, made anew: what stood between them is not kept.</summary>
    public static byte[] OpenSummary(ImmutableArray<SegmentRef> segments, ReadOnlyMemory<byte> summary)
    {
        var document = JsonNode.Parse(summary.Span)!.AsObject();
        var open = segments.Where(s => !s.Holdout).Select(s => s.SegmentId).ToHashSet(StringComparer.Ordinal);
        var entries = document["segments"]!.AsArray().Where(e => open.Contains((string)e!["segment_id"]!)).Select(e => e!.DeepClone());
        return JsonLine.Canonical(new JsonObject { ["schema_version"] = (string)document["schema_version"]!, ["segments"] = new JsonArray([.. entries]) });
    }

    private static StageProblem? NameProblem(DossierDeclared run, HashSet<string> names)
    {
        if (run.Segments.Length == 0) return null;
        var expected = new HashSet<string>(WithSegments, StringComparer.Ordinal);
        foreach (var segment in run.Segments)
        {
            expected.Add(DossierLayout.Segment(segment.SegmentId, DossierLayout.Metrics));
            foreach (var file in new[] { DossierLayout.Curve, DossierLayout.Trades })
            {
                var name = DossierLayout.Segment(segment.SegmentId, file);
                if (!segment.Holdout) expected.Add(name);
                else if (names.Contains(name))
                {
                    return new StageProblem(StageRefusals.HoldoutLeak, $"{name} was written: a hold-out has neither curve nor trades");
                }
            }
        }

        if (expected.Except(names, StringComparer.Ordinal).Order(StringComparer.Ordinal).FirstOrDefault() is { } missing)
        {
            return new StageProblem(StageRefusals.EvidenceMissing, $"{missing} is missing");
        }

        if (names.Except(expected, StringComparer.Ordinal).Order(StringComparer.Ordinal).FirstOrDefault() is not { } stray) return null;
        return SealedRule.FolderOf(run, stray) is { } folder
            ? SealedRule.Problem(run, StageRefusals.UnexpectedFile, $"{folder} holds more than {DossierLayout.Metrics}")
            : new StageProblem(StageRefusals.UnexpectedFile, $"{stray} is no file of a dossier with segments");
    }

    /// <summary>The summary names each segment once, and of a hold-out only figures that the policy permits.</summary>
    private static StageProblem? SummaryProblem(DossierDeclared run, JsonElement summary)
    {
        var entries = summary.GetProperty("segments").EnumerateArray().ToList();
        var listed = entries.Select(e => e.GetProperty("segment_id").GetString()!).Order(StringComparer.Ordinal);
        if (!listed.SequenceEqual(run.Segments.Select(s => s.SegmentId).Order(StringComparer.Ordinal), StringComparer.Ordinal))
        {
            const string message = $"{DossierLayout.Summary} does not list each segment of the run specification once";
            return new StageProblem(StageRefusals.SegmentsSummary, message, "/segments");
        }

        for (var i = 0; i < entries.Count; i++)
        {
            var segment = run.Segments.Single(s => s.SegmentId == entries[i].GetProperty("segment_id").GetString());
            if ((entries[i].TryGetProperty("holdout", out var flag) && flag.GetBoolean()) != segment.Holdout)
            {
                var message = $"{segment.SegmentId} is {(segment.Holdout ? "a" : "no")} hold-out";
                return new StageProblem(StageRefusals.SegmentsSummary, message, $"/segments/{i}/holdout");
            }

            if (!segment.Holdout || !entries[i].TryGetProperty("metrics", out var metrics)) continue;
            if (metrics.EnumerateObject().Any(m => !run.HoldoutMetrics.Contains(m.Name)))
            {
                var message = $"{DossierLayout.Summary} shows more of the hold-out {segment.SegmentId} than the policy's holdout_metrics";
                return SealedRule.Problem(run, StageRefusals.HoldoutLeak, message, $"/segments/{i}/metrics");
            }
        }

        return null;
    }
}
