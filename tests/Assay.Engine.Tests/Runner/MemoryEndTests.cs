using System.Text;
using Assay.Engine.Runner;
using Assay.Engine.Runner.Containment;
using Assay.Kernel.Effects;

namespace Assay.Tests.Runner;

/// <summary>What is said of memory where no cgroup holds it and the program ends in a way of its own.</summary>
public sealed class MemoryEndTests
{
    private static readonly ProcessCaps Caps = ProcessHarness.Caps with { MemoryBytes = 64L << 20 };

    [Theory]
    [InlineData("exec perl -e '$x = q(x) x 500000000'")]
    [InlineData("exec awk 'BEGIN { s = \"xxxxxxxx\"; while (1) s = s s }'")]
    [InlineData("exec dd if=/dev/zero of=/dev/null bs=500M count=1")]
    public async Task One_that_is_refused_memory_and_fails_is_said_to_have_probably_failed_by_it(string script)
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentMode.ProcessTree);
        var (outcome, _) = await harness.RunAsync(script, Caps);
        Assert.True(outcome is { KillReason: null, ProbableReason: KillReason.MemoryLimit }, outcome.ToString());
    }

    [Theory]
    [InlineData("exit 0")]
    [InlineData("echo no such file >&2; exit 2")]
    public async Task One_that_ends_for_another_reason_is_not(string script)
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentMode.ProcessTree);
        var (outcome, _) = await harness.RunAsync(script, Caps);
        Assert.True(outcome is { KillReason: null, ProbableReason: null }, outcome.ToString());
    }

    [Theory]
    [InlineData(63, 1, "", true)]
    [InlineData(63, 0, "", false)]
    [InlineData(20, 1, "", false)]
    [InlineData(40, null, "", true)]
    [InlineData(20, null, "", false)]
    [InlineData(20, null, "terminate called after throwing an instance of 'std::bad_alloc'", true)]
    [InlineData(20, 1, "MemoryError", true)]
    public void It_is_probable_near_the_cap_or_where_the_program_says_so(int peakMb, int? exitCode, string stderr, bool expected) =>
        Assert.Equal(expected, MemoryEnd.IsProbable(Caps, (long)peakMb << 20, exitCode, Encoding.UTF8.GetBytes(stderr)));

    [Fact]
    public void What_held_more_than_its_cap_was_over_it_whenever_that_was_seen()
    {
        Assert.True(MemoryEnd.IsOver(Caps, Caps.MemoryBytes!.Value + 1));
        Assert.False(MemoryEnd.IsOver(Caps, Caps.MemoryBytes.Value));
        Assert.False(MemoryEnd.IsOver(Caps with { MemoryBytes = null }, long.MaxValue));
    }
}
