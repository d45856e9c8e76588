using Assay.Engine.Runner.Containment;
using Assay.Kernel.Effects;

namespace Assay.Tests.Runner;

/// <summary>
/// Ways around the caps that worked once, each with what the record says of the cap: kernel, polled or none by what was seen.
/// </summary>
public sealed class CapTruthTests
{
    private static readonly ProcessCaps Disk = ProcessHarness.Caps with { TimeMs = 20_000, KillMs = 21_000, DiskBytes = 4_000_000, Processes = 100 };

    public static TheoryData<string, string, ContainmentMode> DiskTricks
    {
        get
        {
            var tricks = new TheoryData<string, string, ContainmentMode>();
            foreach (var mode in new[] { ContainmentPool.Detect(), ContainmentMode.ProcessTree }.Distinct())
            {
                tricks.Add("files without a name", "i=0; exec 3> f; rm f; while :; do head -c 500000 /dev/zero >&3 || exit; done", mode);
                tricks.Add("several files without a name", "perl -e 'my @f; for (1..20) { open $f[$_], q(>), q(x); unlink q(x); print {$f[$_]} q(x) x 1000000; $f[$_]->flush } sleep 30'", mode);
                tricks.Add("a mapped file without a name", Mapped, mode);
                tricks.Add("files in flight", InFlight, mode);
                tricks.Add("empty files", "perl -e 'for (1..100000) { open my $f, q(>), $_ or last }; sleep 30'", mode);
                tricks.Add("empty folders", "perl -e 'for (1..100000) { mkdir $_ or last }; sleep 30'", mode);
                tricks.Add("links", "perl -e 'for (1..100000) { symlink q(/), $_ or last }; sleep 30'", mode);
                tricks.Add("paths that are too long", "perl -e 'my $n = q(n) x 250; for (1..30) { mkdir $n; chdir $n } open my $f, q(>), q(f); print $f q(x) x 3000000; close $f; open $f, q(>), q(g); print $f q(x) x 3000000; close $f; sleep 30'", mode);
                tricks.Add("nested without end", "perl -e 'for (1..2000) { mkdir q(d); chdir q(d) } sleep 30'", mode);
                tricks.Add("a folder that nobody may read", "mkdir d; head -c 3000000 /dev/zero > d/a; head -c 3000000 /dev/zero > d/b; chmod 000 d; sleep 30", mode);
                tricks.Add("its home", "head -c 3000000 /dev/zero > $HOME/a; head -c 3000000 /dev/zero > $TMPDIR/b; sleep 30", mode);
                tricks.Add("all at once, and away", "for i in 1 2 3; do head -c 3000000 /dev/zero > $i; done; exit 0", mode);
            }

            return tricks;
        }
    }

    /// <summary>In flight between two ends of a socket: sendmsg with SCM_RIGHTS, then unlink and close.</summary>
    private const string InFlight =
        "perl -e 'use Socket; socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0); for (1..3) { open my $f, q(+>), q(x) or die; print $f q(x) x 3000000; $f->flush; "
        + "my ($byte, $rights) = (q(x), pack(q(QlllL), 20, 1, 1, fileno($f), 0)); my $iov = pack(q(PQ), $byte, 1); my $m = pack(q(QQPQPQQ), 0, 0, $iov, 1, $rights, 24, 0); "
        + "syscall(46, fileno($a), $m, 0) == 1 or die qq($!); unlink q(x); close $f } sleep 30'";

    /// <summary>Without descriptor or name: mmap of a shared file, then unlink and close. Numbers are those of x86-64.</summary>
    private const string Mapped =
        "perl -e 'open my $f, q(+>), q(x); my $n = 3000000; truncate $f, $n; for (1..3) { open $f, q(+>), qq(x$_); print $f q(x) x $n; "
        + "$f->flush; syscall(9, 0, $n, 3, 1, fileno($f), 0); unlink qq(x$_); close $f } sleep 30'";

    [Theory]
    [MemberData(nameof(DiskTricks))]
    public async Task What_lies_on_the_disk_counts_wherever_it_is_hidden(string trick, string script, ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync(script, Disk, e => e with { Sandbox = SandboxLevel.Strict });
        // Or the file grew no further: 153 is how a shell tells that the kernel refused its program a larger one.
        Assert.True(outcome.KillReason == KillReason.DiskLimit || outcome.ExitCode == 153, $"{trick}: {outcome}");
        Assert.Equal(Enforcement.Polled, outcome.Caps.Disk.Enforcement);
        Assert.Empty(harness.Survivors());
    }

    [Fact]
    public async Task Hard_links_and_holes_hold_no_more_than_they_take()
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var (outcome, _) = await harness.RunAsync(
            "head -c 1000000 /dev/zero > a; for i in 1 2 3 4 5 6 7 8 9; do ln a l$i; done; truncate -s 3M hole; sleep 0.3", Disk, e => e with { Sandbox = SandboxLevel.Strict });
        Assert.True(outcome is { ExitCode: 0, KillReason: null }, outcome.ToString());
    }

    [Theory]
    [InlineData(SandboxLevel.None)]
    [InlineData(SandboxLevel.Confined)]
    [InlineData(SandboxLevel.Strict)]
    public async Task A_cap_that_can_be_left_is_not_called_kernel(SandboxLevel level)
    {
        if (ContainmentPool.Detect() != ContainmentMode.CgroupV1) Assert.Skip("needs cgroup v1");
        await using var harness = await ProcessHarness.OpenAsync(ContainmentMode.CgroupV1);
        var (outcome, _) = await harness.RunAsync(
            "for f in /sys/fs/cgroup/memory/tasks /sys/fs/cgroup/pids/tasks; do echo $$ > $f; done; exec perl -e '$x = q(x) x 200000000; sleep 20'",
            ProcessHarness.Caps with { MemoryBytes = 64L << 20, TimeMs = 10_000, KillMs = 10_500 }, e => e with { Sandbox = level });
        Assert.True(outcome.KillReason == KillReason.MemoryLimit, outcome.ToString());
        Assert.Equal(level == SandboxLevel.None ? Enforcement.Polled : Enforcement.Kernel, outcome.Caps.Memory.Enforcement);
        Assert.Equal(level, outcome.Caps.Cage!.Level);
    }

    public static TheoryData<string, ContainmentMode> MemoryTricks
    {
        get
        {
            var tricks = new TheoryData<string, ContainmentMode>();
            foreach (var mode in new[] { ContainmentPool.Detect(), ContainmentMode.ProcessTree }.Distinct())
            {
                tricks.Add("head -c 200000000 /dev/zero > /dev/shm/a; sleep 20", mode);
                tricks.Add("head -c 200000000 /dev/zero > /tmp/a; sleep 20", mode);
                tricks.Add("exec perl -e '$n = q(m) . chr(0); $f = syscall(319, $n, 0); open my $m, q(>&=), $f; print $m q(x) x 200000 for 1..1000; sleep 20'", mode);
            }

            return tricks;
        }
    }

    [Theory]
    [MemberData(nameof(MemoryTricks))]
    public async Task Memory_in_files_is_memory(string script, ContainmentMode mode)
    {
        await using var harness = await ProcessHarness.OpenAsync(mode);
        var (outcome, _) = await harness.RunAsync(script, ProcessHarness.Caps with { MemoryBytes = 64L << 20 }, e => e with { Sandbox = SandboxLevel.Strict });

        // The file system ends where the cap does, or before; or the kernel's killer comes first.
        var refused = outcome is { KillReason: KillReason.Timeout } && script.Contains("head", StringComparison.Ordinal);
        Assert.True(outcome.KillReason == KillReason.MemoryLimit || refused, outcome.ToString());
        Assert.Empty(harness.Survivors());
    }

    [Theory]
    [InlineData(ContainmentMode.ProcessTree)]
    [InlineData(ContainmentMode.CgroupV1)]
    public async Task Limits_of_a_process_hold_from_its_first_instruction(ContainmentMode mode)
    {
        if (mode == ContainmentMode.CgroupV1 && ContainmentPool.Detect() != mode) Assert.Skip("needs cgroup v1");
        await using var harness = await ProcessHarness.OpenAsync(mode);
        for (var i = 0; i < 20; i++)
        {
            var (outcome, evidence) = await harness.RunAsync("ulimit -f; (ulimit -f)", Disk, e => e with { Sandbox = SandboxLevel.Strict });
            Assert.Equal("7812\n7812\n", System.Text.Encoding.UTF8.GetString(evidence["stdout"].Span));
        }
    }

    [Theory]
    [InlineData("touch f; chmod 4755 f")]
    [InlineData("touch f; chmod 2755 f")]
    [InlineData("perl -e 'use Fcntl; sysopen(my $f, q(f), O_CREAT | O_WRONLY, 04755)'")]
    [InlineData("perl -e 'my $p = qq(f) . chr(0); syscall(133, $p, 0104755, 0)'")]
    [InlineData("perl -e 'open my $f, q(<), q(/usr/bin/env); fcntl($f, 1024, 1) and print q(leased)'")]
    public async Task Nothing_is_left_that_takes_roots_rights_or_holds_up_others(string script)
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var (outcome, evidence) = await harness.RunAsync($"{script}; find . -perm /6000; exit 0", change: e => e with { Sandbox = SandboxLevel.Strict });
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Empty(evidence["stdout"].ToArray());
    }

    [Theory]
    [InlineData("/nowhere/program")]
    [InlineData("/etc/passwd")]
    [InlineData("/usr")]
    public async Task What_could_not_be_started_has_no_exit_code(string program)
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var (outcome, _) = await harness.RunAsync("", change: e => e with { Command = [program], Sandbox = SandboxLevel.Strict });
        Assert.True(outcome is { ExitCode: null, Signal: null, StartError: not null, StartErrno: not null }, outcome.ToString());
    }
}
