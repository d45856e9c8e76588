using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Epochs;

/// <summary>
/// What one run shows. PASS needs all of it: not killed, exit code and outcome as expected, valid protocol output, the run root, and valid
/// coverage. Everything else is FAIL_CLOSED with the reason in a note (lane document: Epochs, Outcomes).
/// </summary>
internal static class CrucibleJudge
{
    public const string CoverageFile = "crucible_coverage.json";
    public const string GovernanceFile = "governance_events.jsonl";

    /// <summary>The most a coverage file may hold.</summary>
    public const long MaxCoverageBytes = 1 << 20;

    public const long MaxGovernanceBytes = 4 << 20;

    private const int MaxNoteChars = 300;

    public static Judgement Judge(
        EpochDeclared epoch, CrucibleDeclared crucible, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var judge = new Judging(epoch, crucible, run, evidence);
        judge.Process();
        if (run.Problem is not null) return judge.Conclude();
        judge.Protocol();
        judge.Files();
        judge.Coverage();
        judge.Governance();
        return judge.Conclude();
    }

    /// <summary>Whether a second run is the same as the first to the byte.</summary>
    public static bool SameRun(ProcessOutcome first, ProcessOutcome second) =>
        first.Stdout.Sha256 == second.Stdout.Sha256 && first.ExitCode == second.ExitCode && CoverageDigest(first) == CoverageDigest(second);

    private static string? CoverageDigest(ProcessOutcome run) => run.Files.FirstOrDefault(f => f.Name == CoverageFile)?.Sha256?.ToString();

    private sealed class Judging(
        EpochDeclared epoch, CrucibleDeclared crucible, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        private readonly List<string> _failures = [];
        private readonly List<string> _remarks = [];
        private readonly CrucibleExpectations _expect = crucible.Crucible.Expect;
        private bool _endedAsExpected = true;
        private bool _evidenceMissing;
        private CrucibleCoverage? _coverage;

        private bool SpeaksProtocol => epoch.Template == RunnerTemplate.C019RunnerV1;

        public void Process()
        {
            foreach (var input in run.ChangedInputs) Failed($"input_changed:{input}");
            switch (ProcessEnding.ByItself(run))
            {
                case ProcessEnding.NotStarted ending:
                    Unseen($"start_failed:{ending.Why}");
                    break;
                case ProcessEnding.NoEnd ending:
                    Unseen($"engine_failed:{ending.Why}");
                    break;
                case ProcessEnding.MeterUnreadable ending:
                    Unseen($"meter_unreadable:{ending.Why}");
                    break;
                case ProcessEnding.Killed ending:
                    Killed(ending.Reason);
                    break;
                case ProcessEnding.Signalled ending:
                    Failed($"signal:{ending.Signal}");
                    break;
                case ProcessEnding.Exited ending when ending.Code != _expect.ExitCode:
                    Failed($"exit_code:{ending.Code}");
                    break;
            }

            if (ProcessEnding.Guess(run) is { } guess) _remarks.Add(guess);
            if (CageNote.Of(run.Caps.IsUncaged, Grants.Reach(crucible.Grants).IsOpen) is { } open) _remarks.Add(open);
            if (Refused() is { } refused) _remarks.Add(refused);
            if (run.LeakedProcesses > 0) _remarks.Add($"leaked_processes:{run.LeakedProcesses}");
            if (run.ProcessLimitHits > 0) _remarks.Add($"process_limit_hits:{run.ProcessLimitHits}");
        }

        /// <summary>The first destination that was refused, and how many more; null: none was.</summary>
        private string? Refused()
        {
            var places = (run.Egress?.Attempts ?? []).Where(a => a.Verdict == EgressVerdict.Refused).Select(a => a.Destination).Distinct(StringComparer.Ordinal).ToList();
            return places.Count switch
            {
                0 => null,
                1 => $"refused:{places[0]}",
                _ => $"refused:{places[0]} +{places.Count - 1}",
            };
        }

        public void Protocol()
        {
            if (!SpeaksProtocol || run.NoEnd is not null || run.KillReason is not null) return;
            if (!evidence.TryGetValue("stdout", out var stdout))
            {
                _failures.Add("runner_output_too_large");
                return;
            }

            var output = StrictJson.Parse(stdout, "stdout", StrictJson.UntrustedDepth);
            if (!output.IsValid || ContractCatalog.Validate("runner_output_v1", output.Value).Count > 0)
            {
                _failures.Add("runner_output_invalid");
                return;
            }

            var first = output.Value[0];
            var outcome = first.GetProperty("outcome").GetString()!;
            if (outcome != _expect.ExpectedOutcome) _failures.Add($"runner_outcome:{outcome}");
            else if (outcome != "PASS") _remarks.Add($"expected_outcome:{outcome}");
            if (first.TryGetProperty("run_id", out var runId) && runId.GetString() != crucible.RunId) Missing("run_id_mismatch");
        }

        public void Files()
        {
            if (!run.RunRootPresent) Missing("missing_run_root");
            foreach (var name in _expect.RequiredFiles)
            {
                var file = run.Files.FirstOrDefault(f => f.Name == name);
                if (file?.Sha256 is null) _failures.Add($"missing_file:{name}{(file is { IsMissing: false, Problem: { } problem } ? $" {problem}" : "")}");
            }
        }

        public void Coverage()
        {
            if (!SpeaksProtocol)
            {
                _coverage = Observe();
                return;
            }

            var file = run.Files.FirstOrDefault(f => f.Name == CoverageFile);
            if (file?.Sha256 is null || !evidence.TryGetValue(CoverageFile, out var bytes))
            {
                Missing(file is { IsMissing: false, Problem: { } why } ? $"coverage_invalid:the file {why}" : "missing_coverage");
                return;
            }

            var parsed = StrictJson.Parse(bytes, CoverageFile, StrictJson.UntrustedDepth);
            var problem = parsed.IsValid
                ? ContractCatalog.Validate(CrucibleCoverage.Version, parsed.Value).Select(e => $"{e.InstancePointer} {e.Message}").FirstOrDefault()
                : parsed.Problems[0].Message;
            if (problem is not null)
            {
                Missing($"coverage_invalid:{problem.Trim()}");
                return;
            }

            var coverage = parsed.Value.Deserialize(EpochJson.Default.CrucibleCoverage)!;
            if (coverage.RunId != crucible.RunId) Missing("run_id_mismatch");
            else if (coverage.KernelTarget != epoch.KernelTarget) Missing("coverage_invalid:kernel_target is another one");
            else _coverage = coverage;
        }

        public void Governance()
        {
            var required = _expect.GovernanceExpectations.RequiredEventTypes;
            if (required.IsEmpty) return;
            if (!evidence.TryGetValue(GovernanceFile, out var bytes))
            {
                _failures.Add("missing_governance_events");
                return;
            }

            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var line in Encoding.UTF8.GetString(bytes.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var parsed = StrictJson.Parse(Encoding.UTF8.GetBytes(line), GovernanceFile, StrictJson.UntrustedDepth);
                if (!parsed.IsValid || parsed.Value.ValueKind != JsonValueKind.Object || !parsed.Value.TryGetProperty("event_type", out var type)
                    || type.ValueKind != JsonValueKind.String)
                {
                    _failures.Add("governance_events_invalid");
                    return;
                }

                seen.Add(type.GetString()!);
            }

            foreach (var type in required.Where(t => !seen.Contains(t))) _failures.Add($"missing_governance_event:{type}");
        }

        public Judgement Conclude() => new(
            _failures.Count == 0 ? CrucibleOutcome.Pass : CrucibleOutcome.FailClosed, [.. _failures.Concat(_remarks).Select(Short)], _evidenceMissing, _coverage);

        /// <summary>Notes may quote what untrusted work wrote, and must fit an event.</summary>
        private static string Short(string note) => note.Length <= MaxNoteChars ? note : note[..MaxNoteChars] + "…";

        /// <summary>For a program that speaks no protocol: what Assay itself saw of it.</summary>
        private CrucibleCoverage Observe() => new()
        {
            SchemaVersion = CrucibleCoverage.Version,
            RunId = crucible.RunId,
            KernelTarget = epoch.KernelTarget,
            Observed = new Observed
            {
                Domains = [epoch.KernelTarget],
                Subdomains = [crucible.CrucibleId],
                Tools = [crucible.Crucible.Command[0].Split('/')[^1]],
                Counts = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal)
                    .Add("stderr_bytes", run.Stderr.SizeBytes).Add("stdout_bytes", run.Stdout.SizeBytes),
            },
            Sequence = [Text("start"), Text(run.ExitCode is { } code ? $"exit:{code}" : run.Signal is { } signal ? $"signal:{signal}" : "not_started")],
        };

        /// <summary>Nothing of the trial was seen, so that no profile can count it as done; what there is may be lost as well.</summary>
        private void Unseen(string note)
        {
            Failed(note);
            _evidenceMissing = true;
            if (run.KillReason is { } reason) Killed(reason);
        }

        private void Killed(KillReason reason)
        {
            if (reason == KillReason.Deadline) Failed($"killed:{WireName<KillReason>.Of(KillReason.Timeout)}", WireName<EndReason>.Of(EndReason.EpochTimeout));
            else Failed($"killed:{WireName<KillReason>.Of(reason)}");
        }

        private void Failed(params string[] notes)
        {
            _endedAsExpected = false;
            _failures.AddRange(notes);
        }

        /// <summary>Evidence that a run which ended as expected had to leave. One that was killed or failed counts by its profile instead.</summary>
        private void Missing(string note)
        {
            if (_failures.Contains(note)) return;
            _failures.Add(note);
            _evidenceMissing |= _endedAsExpected;
        }

        private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text, EpochJson.Default.String);
    }
}

/// <summary>What one run shows.</summary>
internal sealed record Judgement(CrucibleOutcome Outcome, ImmutableArray<string> Notes, bool EvidenceMissing, CrucibleCoverage? Coverage);
