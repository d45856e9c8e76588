using System.Text;
using Assay.Engine.Runner.Containment;
using Assay.Kernel.Effects;

namespace Assay.Tests.Runner;

/// <summary>
/// Each hostile child leaves a complete outcome, no process, and the right reason; by cgroup where the host has one, and by rlimits and
/// /proc alone.
/// </summary>
public sealed class HostileChildrenTests
{
    private const string Daemon =
        "perl -e 'use POSIX; exit 0 if fork; POSIX::setsid(); exit 0 if fork; $SIG{TERM}=\"IGNORE\"; sleep 60'; sleep 0.1; exit 0";

    public static TheoryData<ContainmentMode> Modes
    {
        get
        {
            var modes = new TheoryData<ContainmentMode> { ContainmentMode.ProcessTree };
            if (ContainmentPool.Detect() != ContainmentMode.ProcessTree) modes.Add(ContainmentPool.Detect());
            return modes;
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_ignores_SIGTERM_is_killed_at_its_time_out(ContainmentMode mode) =>
        Expect(mode, "trap '' TERM; while :; do sleep 0.02; done", KillReason.Timeout, Short);

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_obeys_SIGTERM_is_timed_out_all_the_same(ContainmentMode mode) =>
        Expect(mode, "trap 'exit 0' TERM; while :; do sleep 0.02; done", KillReason.Timeout, Short);

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task One_that_forks_without_end_stays_below_its_cap(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync(
            "perl -e 'while (1) { my $pid = fork(); if (defined $pid && $pid == 0) { sleep 30 } select undef, undef, undef, 0.002 unless defined $pid }'",
            ProcessHarness.Caps with { TimeMs = mode == ContainmentMode.ProcessTree ? 30_000 : 2_000, KillMs = 31_000, Processes = 20 });
        Assert.Empty(harness.Survivors());
        if (mode == ContainmentMode.ProcessTree) Assert.Equal(KillReason.ProcessLimit, outcome.KillReason);
        else Assert.True(outcome is { KillReason: KillReason.Timeout, ProcessLimitHits: > 0 }, outcome.ToString());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task One_that_floods_stdout_is_cut_at_its_cap(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync("yes", ProcessHarness.Caps with { StdoutBytes = 100_000 });
        Assert.Equal(KillReason.OutputLimit, outcome.KillReason);
        Assert.Equal((100_000, true), (outcome.Stdout.SizeBytes, outcome.Stdout.Truncated));
        Assert.Equal(100_000, new FileInfo(harness.PathOf(outcome.Stdout.File)).Length);
        Assert.Empty(harness.Survivors());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task One_that_never_reads_stdin_does_not_hang_us(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync("sleep 0.1; exit 0", change: e => e with { Stdin = new string('x', 1 << 20) });
        Assert.Equal((0, null), (outcome.ExitCode, outcome.KillReason));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task One_that_reads_stdin_gets_all_of_it(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, evidence) = await harness.RunAsync("wc -c", change: e => e with { Stdin = new string('x', 300_000) });
        Assert.Equal((0, "300000\n"), (outcome.ExitCode, Encoding.UTF8.GetString(evidence["stdout"].Span)));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_closes_its_pipes_and_lives_on_is_timed_out(ContainmentMode mode) =>
        Expect(mode, "exec >&- 2>&- <&-; sleep 60", KillReason.Timeout, Short);

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_grandchild_that_holds_the_pipe_is_ended_and_noted(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, evidence) = await harness.RunAsync("sleep 60 & echo done; exit 0");
        Assert.Equal((0, null, 1), (outcome.ExitCode, outcome.KillReason, outcome.LeakedProcesses));
        Assert.Equal("done\n", Encoding.UTF8.GetString(evidence["stdout"].Span));
        Assert.True(outcome.DurationMs < 2000);
        Assert.Empty(harness.Survivors());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_daemon_that_detached_twice_is_ended_and_noted(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync(Daemon);
        Assert.Equal((0, null), (outcome.ExitCode, outcome.KillReason));
        Assert.True(outcome.LeakedProcesses >= 1, $"{outcome.LeakedProcesses} leaked");
        Assert.Empty(harness.Survivors());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_allocates_without_end_is_killed_at_its_memory_cap(ContainmentMode mode) =>
        Expect(mode, "exec perl -e 'my @a; while (1) { push @a, \"x\" x 1000000; select undef, undef, undef, 0.002 }'", KillReason.MemoryLimit,
            ProcessHarness.Caps with { MemoryBytes = 64L << 20 }, allowOwnDeath: mode == ContainmentMode.ProcessTree);

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_burns_processor_time_is_killed_at_its_cap(ContainmentMode mode) =>
        Expect(mode, "while :; do :; done", KillReason.CpuLimit, ProcessHarness.Caps with { CpuTimeMs = 300 });

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Invalid_utf8_is_kept_as_it_was(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, evidence) = await harness.RunAsync("printf '\\377\\000\\376'");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(new byte[] { 0xFF, 0, 0xFE }, evidence["stdout"].ToArray());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_line_of_100_MB_is_kept_when_the_cap_allows_it(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, evidence) = await harness.RunAsync("head -c 100000000 /dev/zero | tr '\\000' x", ProcessHarness.Caps with { TimeMs = 20_000, KillMs = 21_000, StdoutBytes = 200_000_000 });
        Assert.Equal((0, 100_000_000), (outcome.ExitCode, outcome.Stdout.SizeBytes));
        Assert.False(evidence.ContainsKey("stdout"));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_leaves_its_process_group_is_ended_with_it(ContainmentMode mode) =>
        Expect(mode, "exec perl -e 'use POSIX; if (fork) { sleep 60 } POSIX::setpgid(0, 0); $SIG{TERM} = \"IGNORE\"; sleep 60'", KillReason.Timeout, Short);

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_fills_its_disk_quota_with_one_file_is_ended(ContainmentMode mode) =>
        Expect(mode, "exec head -c 1000000000 /dev/zero > big", KillReason.DiskLimit, ProcessHarness.Caps with { DiskBytes = 5_000_000 }, allowOwnDeath: true);

    [Theory]
    [MemberData(nameof(Modes))]
    public Task One_that_fills_its_disk_quota_with_many_files_is_ended(ContainmentMode mode) =>
        Expect(mode, "i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done", KillReason.DiskLimit, ProcessHarness.Caps with { DiskBytes = 20_000_000 });

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task One_that_exits_at_the_moment_of_its_time_out_is_one_or_the_other(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        for (var i = 0; i < 20; i++)
        {
            var (outcome, _) = await harness.RunAsync("exec sleep 0.1", ProcessHarness.Caps with { TimeMs = 100, KillMs = 150 });
            var exited = outcome is { KillReason: null, ExitCode: 0 };
            var timedOut = outcome.KillReason == KillReason.Timeout && (outcome.Signal is 15 or 9 || outcome.ExitCode == 0);
            Assert.True(exited || timedOut, outcome.ToString());
        }

        Assert.Empty(harness.Survivors());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Nothing_is_inherited_but_what_is_named(ContainmentMode mode)
    {
        Environment.SetEnvironmentVariable("ASSAY_TEST_SECRET", "hidden");
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, evidence) = await harness.RunAsync("env | cut -d= -f1 | sort | tr '\\n' ' '; ls /proc/self/fd | tr '\\n' ' '; trap", change: e => e);
        Assert.Equal("ASSAY_ATTEMPT ASSAY_TEST_TOKEN PATH PWD 0 1 2 3 ", Encoding.UTF8.GetString(evidence["stdout"].Span));
        Assert.Equal(0, outcome.ExitCode);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_program_that_does_not_exist_is_a_start_error(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync("", change: e => e with { Command = ["no-such-program-here"] });
        Assert.Equal("no-such-program-here: not found in PATH", outcome.StartError);
        Assert.Null(outcome.ExitCode);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Cancelling_ends_the_whole_tree(ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var (outcome, _) = await harness.RunAsync("trap '' TERM; sleep 60 & sleep 60", Short with { TimeMs = 30_000, KillMs = 30_200 }, cancel: cancel.Token);
        Assert.Equal(KillReason.Cancelled, outcome.KillReason);
        Assert.Empty(harness.Survivors());
    }

    [Fact]
    public async Task Strict_isolation_hides_the_workspace_and_the_network_and_keeps_the_system_read_only()
    {
        if (HostCapabilities() is { } problem) Assert.Skip(problem);
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var ledger = harness.PathOf("ledger.db");
        var (outcome, evidence) = await harness.RunAsync(
            $"test -e {ledger} && echo SAW_LEDGER; touch /usr/x 2>/dev/null && echo WROTE; cat /proc/net/dev | grep -vc lo:; echo ok > here; ls",
            change: e => e with { Sandbox = SandboxLevel.Strict });
        Assert.Equal("2\nhere\n", Encoding.UTF8.GetString(evidence["stdout"].Span));
        Assert.Equal("view:strict", outcome.Caps.Isolation);
        Assert.True(File.Exists(harness.PathOf("runs/one/here")));
    }

    [Fact]
    public async Task A_link_in_the_run_root_is_no_evidence()
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var (outcome, evidence) = await harness.RunAsync(
            "ln -s /etc/passwd stolen; mkfifo pipe; mkdir folder; echo x > plain; ln -s /etc sub",
            change: e => e with
            {
                Collect =
                [
                    new("stolen", 1000, Content: true), new("pipe", 1000, Content: true), new("folder", 1000, Content: true), new("plain", 1000, Content: true),
                    new("sub/passwd", 1000, Content: true), new("absent", 1000, Content: true), new("plain", 1, Content: true),
                ],
            });
        Assert.Equal([false, false, false, true, false, false, false], outcome.Files.Select(f => f.Sha256 is not null));
        Assert.Equal(["plain", "stdout"], evidence.Keys.Order(StringComparer.Ordinal));
    }

    private static ProcessCaps Short => ProcessHarness.Caps with { TimeMs = 250, KillMs = 400 };

    private static async Task Expect(ContainmentMode mode, string script, KillReason reason, ProcessCaps caps, bool allowOwnDeath = false)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync(script, caps);
        Assert.Empty(harness.Survivors());
        if (allowOwnDeath && outcome.KillReason is null) Assert.NotEqual(0, outcome.ExitCode);
        else Assert.Equal(reason, outcome.KillReason);
        Assert.True(File.Exists(harness.PathOf(outcome.Stdout.File)) && File.Exists(harness.PathOf(outcome.Stderr.File)));
    }

    private static string? HostCapabilities() => Environment.GetEnvironmentVariable("CI") is null ? Engine.HostCapabilities.Detect().SandboxProblem : null;
}
