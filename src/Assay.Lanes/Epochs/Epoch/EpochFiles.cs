using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Epochs;

/// <summary>The files that an epoch's events give rise to.</summary>
internal static class EpochFiles
{
    public static IReadOnlyList<MirrorFile> Of(EpochState state, RecordedEvent recorded) => recorded.Body switch
    {
        CrucibleDeclared declared when declared.Index == state.Declared.CruciblesTotal - 1 => [Manifest(state)],
        CrucibleFinished finished => OfCrucible(state, finished),
        EpochFinished => OfEpoch(state),
        _ => [],
    };

    /// <summary>The summary as it stands now.</summary>
    public static EpochSummary Summary(EpochState state)
    {
        var epoch = state.Declared;
        return new EpochSummary
        {
            EpochId = epoch.EpochId,
            BumpedFrom = epoch.BumpedFrom,
            EpochProfile = epoch.Profile,
            EpochVerdict = state.Finished?.Verdict ?? EpochVerdict.FailClosed,
            Reason = state.Finished is { } finished ? finished.Reason is { } reason ? WireName<EndReason>.Of(reason) : null : "unfinished",
            EpochHash = epoch.EpochHash,
            Mode = epoch.Mode,
            CountsForGates = epoch.Mode != EpochMode.Shadow,
            KernelIdentity = new KernelTarget(epoch.KernelTarget),
            CruciblesTotal = state.Crucibles.Length,
            CruciblesPassed = state.Passed,
            CruciblesFailed = state.Failed,
            CruciblesFailedClosed = state.Failed,
            CruciblesNotRun = state.Crucibles.Length - state.Done,
            Uncaged = state.Crucibles.Count(c => c is { Result: not null, Run.Caps.IsUncaged: true }),
            NetworkOpen = state.Crucibles.Count(c => c is { Result: not null, Declared.Grants.Network.IsOpen: true }),
            Runs = [.. state.Crucibles.Select(SummaryRun)],
        };
    }

    /// <summary>Bytes of a document as a person reads it: indented, one final line break.</summary>
    public static byte[] Bytes<T>(T document, JsonTypeInfo<T> type) => [.. JsonSerializer.SerializeToUtf8Bytes(document, type), (byte)'\n'];

    private static SummaryRun SummaryRun(CrucibleState crucible) => new()
    {
        CrucibleId = crucible.Declared.CrucibleId,
        RunId = crucible.Declared.RunId,
        Outcome = crucible.Result?.Outcome ?? CrucibleOutcome.NotRun,
        Notes = [.. crucible.Kept ? ["SKIPPED_RESUME"] : Array.Empty<string>(), .. crucible.Result?.Notes ?? []],
        DurationMs = crucible.Result is null ? 0 : crucible.Run?.DurationMs ?? 0,
        Record = crucible.Result is null ? null : EpochPaths.RunRecord(crucible.Declared.CrucibleId, crucible.Records),
    };

    private static DerivedFile Manifest(EpochState state)
    {
        var epoch = state.Declared;
        var manifest = new EpochManifest
        {
            EpochId = epoch.EpochId,
            EpochHash = epoch.EpochHash,
            PlanSha256 = epoch.PlanSha256,
            Mode = epoch.Mode,
            Plan = epoch.Plan,
            Host = epoch.Host,
            Crucibles = [.. state.Crucibles.Select(c => new ManifestCrucible(
                c.Declared.CrucibleId, c.Declared.Spec, c.Declared.CrucibleSha256, c.Declared.RunId, c.Declared.RunSha256, c.Declared.Caps))],
        };
        return new DerivedFile(epoch.ArtifactsRoot, EpochPaths.Manifest(epoch), Bytes(manifest, EpochFileJson.Shared.EpochManifest));
    }

    private static List<MirrorFile> OfCrucible(EpochState state, CrucibleFinished finished)
    {
        var epoch = state.Declared;
        var crucible = state.Crucibles[state.IndexOf(finished.CrucibleId)];
        var files = new List<MirrorFile>();
        foreach (var run in new[] { crucible.Run, crucible.Replay }.OfType<ProcessOutcome>())
        {
            files.AddRange(run.Output.Select(o => Captured(epoch, o)));
            if (!run.RunRootPresent) continue;
            foreach (var file in run.Files.Where(f => f.Sha256 is not null))
            {
                files.Add(new CapturedFile(epoch.ArtifactsRoot, $"{run.RunRoot}/{file.Name}", file.SizeBytes, file.Sha256!.Value));
            }

            if (finished.Coverage is { } coverage)
            {
                var bytes = Bytes(coverage, EpochFileJson.Shared.CrucibleCoverage);
                files.Add(new DerivedFile(epoch.ArtifactsRoot, $"{run.RunRoot}/{CrucibleJudge.CoverageFile}", bytes));
            }
        }

        foreach (var partial in crucible.Interrupted?.Partial ?? []) files.Add(Captured(epoch, partial));
        var record = Bytes(Record(epoch, crucible, finished), EpochFileJson.Shared.RunRecord);
        files.Add(new DerivedFile(epoch.ArtifactsRoot, EpochPaths.RunRecord(epoch, finished.CrucibleId, crucible.Records), record));
        return files;
    }

    private static RunRecord Record(EpochDeclared epoch, CrucibleState crucible, CrucibleFinished finished)
    {
        var run = crucible.Run;
        return new RunRecord
        {
            EpochId = epoch.EpochId,
            CrucibleId = finished.CrucibleId,
            RunId = crucible.Declared.RunId,
            RunSha256 = crucible.Declared.RunSha256,
            Outcome = finished.Outcome,
            Notes = finished.Notes,
            ExitCode = run?.ExitCode,
            Signal = run?.Signal,
            KillReason = run?.KillReason == KillReason.Deadline ? KillReason.Timeout : run?.KillReason,
            StartedAt = run?.StartedAt,
            DurationMs = run?.DurationMs ?? 0,
            CpuTimeMs = run?.CpuTimeMs ?? 0,
            PeakRssBytes = run?.PeakRssBytes ?? 0,
            RunRoot = run?.RunRoot,
            Attempt = Math.Max(1, crucible.Attempts),
            Stdout = run is null ? Partial(crucible, "stdout") : Kept(run, run.Stdout),
            Stderr = run is null ? Partial(crucible, "stderr") : Kept(run, run.Stderr),
            LeakedProcesses = run?.LeakedProcesses ?? 0,
            ProcessLimitHits = run?.ProcessLimitHits ?? 0,
            Replay = crucible.Replay is { } replay ? new ReplayRecord(replay.ExitCode, replay.KillReason, replay.RunRoot, replay.Stdout, replay.Files) : null,
            Files = run?.Files ?? [],
            Egress = run?.Egress?.Attempts,
            EgressUnlisted = run?.Egress?.Unlisted,
            Caps = run?.Caps,
        };
    }

    private static Captured? Kept(ProcessOutcome run, Captured output) => run.Output.Contains(output) ? output : null;

    private static Captured? Partial(CrucibleState crucible, string name) =>
        crucible.Interrupted?.Partial.FirstOrDefault(p => p.File.Contains($"/{name}.", StringComparison.Ordinal));

    private static List<MirrorFile> OfEpoch(EpochState state)
    {
        var epoch = state.Declared;
        var covered = state.Crucibles.Where(c => c is { Result: not null, Observed: not null }).ToList();
        var coverage = new EpochCoverage
        {
            EpochId = epoch.EpochId,
            KernelTarget = epoch.KernelTarget,
            Crucibles = [.. covered.Select(c => c.Declared.CrucibleId)],
            Observed = covered.Aggregate(new Observed(), (all, c) => all.Union(c.Observed!)),
        };
        var files = new List<MirrorFile>
        {
            new DerivedFile(
                epoch.ArtifactsRoot, EpochPaths.Coverage(epoch, state.Verdicts), Bytes(coverage, EpochFileJson.Shared.EpochCoverage)),
        };
        if (epoch.Mode == EpochMode.Salvage) files.AddRange(Salvage(state));
        files.Add(new DerivedFile(
            epoch.ArtifactsRoot, EpochPaths.Summary(epoch, state.Verdicts), Bytes(Summary(state), EpochFileJson.Shared.EpochSummary)));
        return files;
    }

    private static IEnumerable<MirrorFile> Salvage(EpochState state)
    {
        var epoch = state.Declared;
        var folder = EpochPaths.Salvage(epoch);
        var salvaged = state.Crucibles.Select(c => c.Salvaged).OfType<CrucibleSalvaged>().ToList();
        foreach (var file in salvaged.SelectMany(s => s.Files).Where(f => f.Sha256 is not null))
        {
            yield return new CapturedFile(epoch.ArtifactsRoot, $"{folder}/{file.File}", file.SizeBytes, file.Sha256!.Value);
        }

        var manifest = new SalvageManifest
        {
            EpochId = epoch.EpochId,
            Complete = salvaged.TrueForAll(s => s.Complete),
            Files = [.. salvaged.SelectMany(s => s.Files)],
        };
        var name = state.Verdicts == 1 ? "salvage_manifest.json" : $"salvage_manifest.{state.Verdicts}.json";
        yield return new DerivedFile(epoch.ArtifactsRoot, $"{folder}/{name}", Bytes(manifest, EpochFileJson.Shared.SalvageManifest));
    }

    private static CapturedFile Captured(EpochDeclared epoch, Captured captured) =>
        new(epoch.ArtifactsRoot, captured.File, captured.SizeBytes, captured.Sha256);
}

/// <summary>Serializers for the files that people read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(EpochManifest))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(CrucibleCoverage))]
[JsonSerializable(typeof(EpochCoverage))]
[JsonSerializable(typeof(EpochSummary))]
[JsonSerializable(typeof(SalvageManifest))]
[JsonSerializable(typeof(LadderSummary))]
internal sealed partial class EpochFileJson : JsonSerializerContext
{
    /// <summary>Without escapes that only HTML would need, so that a command line reads as it was written.</summary>
    public static EpochFileJson Shared => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
