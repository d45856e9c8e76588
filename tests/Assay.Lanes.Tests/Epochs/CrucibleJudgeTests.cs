using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Tests.Epochs;

public sealed class CrucibleJudgeTests
{
    private static string RunId => Given.Crucible(0).RunId;

    private static string Coverage => $$$"""
        {"schema_version":"crucible_coverage_v1","run_id":"{{{RunId}}}","kernel_target":"TARGET","observed":{"domains":["d"],"subdomains":[],"tools":[],"counts":{}},"sequence":[]}
        """;

    [Theory]
    [InlineData(KillReason.Timeout, "killed:TIMEOUT")]
    [InlineData(KillReason.Deadline, "killed:TIMEOUT")]
    [InlineData(KillReason.OutputLimit, "killed:OUTPUT_LIMIT")]
    [InlineData(KillReason.MemoryLimit, "killed:MEMORY_LIMIT")]
    [InlineData(KillReason.ProcessLimit, "killed:PROCESS_LIMIT")]
    [InlineData(KillReason.CpuLimit, "killed:CPU_LIMIT")]
    [InlineData(KillReason.DiskLimit, "killed:DISK_LIMIT")]
    [InlineData(KillReason.NetworkLimit, "killed:NETWORK_LIMIT")]
    [InlineData(KillReason.ModelUnreachable, "killed:MODEL_UNREACHABLE")]
    [InlineData(KillReason.CaptureFailed, "killed:CAPTURE_FAILED")]
    [InlineData(KillReason.CostLimit, "killed:COST_LIMIT")]
    [InlineData(KillReason.Cancelled, "killed:CANCELLED")]
    public void A_killed_run_fails_closed_with_its_reason_and_counts_by_its_profile(KillReason reason, string note)
    {
        var judgement = Judge(RunnerTemplate.C019RunnerV1, Given.Outcome(null, reason, 9));
        Assert.Equal((CrucibleOutcome.FailClosed, note, false), (judgement.Outcome, judgement.Notes[0], judgement.EvidenceMissing));
    }

    [Fact]
    public void Every_kill_reason_has_a_note() => Assert.Equal(12, Enum.GetValues<KillReason>().Length);

    [Fact]
    public void An_exit_code_is_judged_against_what_was_expected()
    {
        Assert.Equal(CrucibleOutcome.Pass, Judge(RunnerTemplate.ExitCodeV1, Given.Outcome(3), new CrucibleExpectations { ExitCode = 3 }).Outcome);
        Assert.Equal("exit_code:0", Judge(RunnerTemplate.ExitCodeV1, Given.Outcome(), new CrucibleExpectations { ExitCode = 3 }).Notes[0]);
        Assert.Equal("signal:11", Judge(RunnerTemplate.ExitCodeV1, Given.Outcome(null, signal: 11)).Notes[0]);
    }

    [Fact]
    public void A_failure_that_memory_probably_caused_says_so_beside_its_exit_code()
    {
        var outcome = Given.Outcome(2) with { ProbableReason = KillReason.MemoryLimit };
        Assert.Equal(["exit_code:2", "probably MEMORY_LIMIT"], Judge(RunnerTemplate.ExitCodeV1, outcome).Notes);
    }

    [Theory]
    [InlineData("start_failed:bwrap: no namespace", "bwrap: no namespace", null, 1)]
    [InlineData("engine_failed:the disk is gone", null, "the disk is gone", 1)]
    [InlineData("engine_failed:it left neither exit code nor signal", null, null, null)]
    public void What_did_not_run_to_its_end_fails_closed_whatever_was_expected(string note, string? startError, string? problem, int? exitCode)
    {
        foreach (var template in Enum.GetValues<RunnerTemplate>())
        {
            var expect = new CrucibleExpectations { ExitCode = 1, ExpectedOutcome = "REFUSE" };
            var outcome = Given.Outcome(exitCode, files: File(CrucibleJudge.CoverageFile)) with { StartError = startError, Problem = problem };
            var judgement = Judge(template, outcome, expect, ("stdout", """[{"outcome":"REFUSE"}]"""), (CrucibleJudge.CoverageFile, Coverage));
            Assert.Equal((CrucibleOutcome.FailClosed, note, true), (judgement.Outcome, judgement.Notes[0], judgement.EvidenceMissing));
        }
    }

    [Fact]
    public void A_protocol_run_passes_with_all_its_evidence()
    {
        var judgement = Judge(RunnerTemplate.C019RunnerV1, Given.Outcome(files: File(CrucibleJudge.CoverageFile)), null, ("stdout", $$"""[{"outcome":"PASS","run_id":"{{RunId}}"}]"""), (CrucibleJudge.CoverageFile, Coverage));
        Assert.Equal(CrucibleOutcome.Pass, judgement.Outcome);
        Assert.Contains("d", judgement.Coverage!.Observed.Domains);
    }

    [Fact]
    public void Meeting_an_expected_refusal_is_a_pass_that_says_so()
    {
        var judgement = Judge(
            RunnerTemplate.C019RunnerV1, Given.Outcome(files: File(CrucibleJudge.CoverageFile)), new CrucibleExpectations { ExpectedOutcome = "REFUSE" },
            ("stdout", """[{"outcome":"REFUSE"}]"""), (CrucibleJudge.CoverageFile, Coverage));
        Assert.Equal((CrucibleOutcome.Pass, "expected_outcome:REFUSE"), (judgement.Outcome, judgement.Notes[0]));
    }

    [Theory]
    [InlineData("missing_coverage", null)]
    [InlineData("coverage_invalid", "{}")]
    [InlineData("coverage_invalid", "{\"a\":1,\"a\":2}")]
    public void Coverage_that_is_missing_or_invalid_keeps_the_epoch_from_being_concluded(string note, string? coverage)
    {
        var files = coverage is null ? CollectedFile.Missing(CrucibleJudge.CoverageFile) : File(CrucibleJudge.CoverageFile);
        (string, string)[] evidence = coverage is null ? [("stdout", """[{"outcome":"PASS"}]""")] : [("stdout", """[{"outcome":"PASS"}]"""), (CrucibleJudge.CoverageFile, coverage)];
        var judgement = Judge(RunnerTemplate.C019RunnerV1, Given.Outcome(files: files), null, evidence);
        Assert.StartsWith(note, judgement.Notes[0], StringComparison.Ordinal);
        Assert.True(judgement.EvidenceMissing);
    }

    [Fact]
    public void Required_files_and_governance_events_must_be_there()
    {
        var expect = new CrucibleExpectations { RequiredFiles = ["a", "b"], GovernanceExpectations = new GovernanceExpectations { RequiredEventTypes = ["X", "Y"] } };
        var judgement = Judge(RunnerTemplate.ExitCodeV1, Given.Outcome(files: File("a")), expect, (CrucibleJudge.GovernanceFile, "{\"event_type\":\"X\"}\n"));
        Assert.Equal(["missing_file:b", "missing_governance_event:Y"], judgement.Notes);
        Assert.Equal(["missing_governance_events"], Judge(RunnerTemplate.ExitCodeV1, Given.Outcome(files: [File("a"), File("b")]), expect).Notes);
    }

    [Fact]
    public void What_a_run_leaked_is_noted_and_does_not_fail_it() =>
        Assert.Equal((CrucibleOutcome.Pass, "leaked_processes:2"), Passed(Judge(RunnerTemplate.ExitCodeV1, Given.Outcome() with { LeakedProcesses = 2 })));

    private static (CrucibleOutcome, string) Passed(Judgement judgement) => (judgement.Outcome, judgement.Notes[0]);

    private static CollectedFile File(string name) => new(name, 1, Digest.Of(name), null);

    private static Judgement Judge(RunnerTemplate template, ProcessOutcome outcome, CrucibleExpectations? expect = null, params (string, string)[] evidence) =>
        CrucibleJudge.Judge(Given.Epoch(1, template: template), Given.Crucible(0, expect), outcome, Given.Evidence(evidence));
}
