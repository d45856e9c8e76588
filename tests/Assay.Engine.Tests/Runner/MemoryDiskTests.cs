using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;

namespace Assay.Tests.Runner;

/// <summary>
/// <c>disk: memory</c>: the kernel holds the cap, and what the run left is on the disk afterwards as if it had been there all the time.
/// </summary>
public sealed class MemoryDiskTests
{
    private const long Bytes = 4 << 20;

    private static readonly ProcessCaps Caps = ProcessHarness.Caps with { TimeMs = 20_000, KillMs = 21_000, DiskBytes = Bytes, DiskInMemory = true };

    public static TheoryData<string> TooMuch =>
    [
        "head -c 5000000 /dev/zero > a",
        "exec 3> f; rm f; for i in 1 2 3; do head -c 3000000 /dev/zero >&3; done",
        "for i in 1 2 3 4 5; do head -c 1000000 /dev/zero > $i; done",
        "perl -e 'for (1..20000) { open my $f, q(>), $_ or exit 1 }'",
        "head -c 3000000 /dev/zero > $HOME/a; head -c 3000000 /dev/zero > $TMPDIR/b",
    ];

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task What_is_over_the_cap_is_refused_by_the_kernel(string script)
    {
        SkipWithoutView();
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var (outcome, _) = await harness.RunAsync(script, Caps, Strict);
        Assert.True(outcome is { ExitCode: not 0 } or { Signal: not null } or { KillReason: KillReason.DiskLimit }, outcome.ToString());
        Assert.Equal(Enforcement.Kernel, outcome.Caps.Disk.Enforcement);
        Assert.True(Held(harness.PathOf(outcome.RunRoot)) <= Bytes);
    }

    [Fact]
    public async Task What_it_left_is_kept_as_it_was()
    {
        SkipWithoutView();
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        const string script = "cat given; rm given; mkdir -p d/e; echo two > d/e/f; chmod 640 d/e/f; ln -s d/e/f l; ln d/e/f d/e/same; mkfifo p; truncate -s 3M hole; "
            + "touch -d @400000000000 future; touch \"$(printf 'x\\377')\"; mkdir \"$(printf 'x\\357\\277\\275')\"; cat d/e/f";
        var (outcome, evidence) = await harness.RunAsync(script, Caps, e => Strict(e) with
        {
            Texts = e.Texts.Add("given", "one\n"),
            Collect = [new CollectedName("d/e/f", 100, Content: true), new CollectedName("p", 100, Content: true)],
        });
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Equal("one\ntwo\n", Text(evidence["stdout"]));
        Assert.Equal("two\n", Text(evidence["d/e/f"]));
        Assert.False(evidence.ContainsKey("p"));
        var root = harness.PathOf(outcome.RunRoot);
        string[] expected = ["d", "future", "hole", "l", "p", "x\uFFFD", "x\uFFFD"];
        Assert.Equal(expected, Directory.EnumerateFileSystemEntries(root).Select(e => Path.GetFileName(e)!).Order(StringComparer.Ordinal));
        Assert.Equal((UnixFileMode)0x1A0, File.GetUnixFileMode(Path.Combine(root, "d/e/f")));
        Assert.Equal("d/e/f", new FileInfo(Path.Combine(root, "l")).LinkTarget);
        await File.AppendAllTextAsync(Path.Combine(root, "d/e/same"), "three\n");
        Assert.Equal("two\nthree\n", await File.ReadAllTextAsync(Path.Combine(root, "d/e/f")));
    }

    [Fact]
    public async Task A_run_that_fills_memory_does_not_keep_the_next_one_from_its_smaller_cap()
    {
        SkipWithoutView();
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var big = ProcessHarness.Caps with { TimeMs = 20_000, KillMs = 21_000, MemoryBytes = 900 << 20 };
        for (var i = 0; i < 3; i++)
        {
            await harness.RunAsync("head -c 500000000 /dev/zero > /dev/shm/x", big, e => Strict(e) with { RunRoot = $"runs/big{i}" });
            var (next, _) = await harness.RunAsync("true", big with { MemoryBytes = 8 << 20 }, e => Strict(e) with { RunRoot = $"runs/small{i}" });
            Assert.True(next.ExitCode == 0, next.ToString());
        }
    }

    [Fact]
    public async Task What_lies_there_counts_as_the_runs_memory()
    {
        SkipWithoutView();
        if (ContainmentPool.Detect() == ContainmentMode.ProcessTree) Assert.Skip("memory is the kernel's with cgroups only");
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var caps = Caps with { MemoryBytes = 16 << 20, DiskBytes = 64 << 20 };
        var (outcome, _) = await harness.RunAsync("head -c 40000000 /dev/zero > a; sleep 1", caps, Strict);
        Assert.True(outcome.KillReason == KillReason.MemoryLimit, outcome.ToString());
        var (next, _) = await harness.RunAsync("echo still room", caps with { DiskInMemory = false }, e => Strict(e) with { RunRoot = "runs/two" });
        Assert.Equal(0, next.ExitCode);
    }

    private static RunProcess Strict(RunProcess effect) => effect with { Sandbox = SandboxLevel.Strict };

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);

    private static long Held(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    private static void SkipWithoutView()
    {
        if (Cage.MechanismOf(SandboxLevel.Strict) != Mechanism.View) Assert.Skip("needs a view, as root");
    }
}
