using Assay.Engine.Runner.Containment;
using Assay.Kernel.Streams;
using Assay.Tests.Runner;

namespace Assay.Tests.Performers;

/// <summary>What of a process's output the lane is shown, whatever its size.</summary>
public sealed class ShownOutputTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(32 * 1024)]
    [InlineData((32 * 1024) + 1)]
    [InlineData(3_000_000)]
    [InlineData(8 << 20)]
    public async Task It_is_shown_whole(int bytes)
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentMode.ProcessTree);
        var (outcome, evidence) = await harness.RunAsync($"head -c {bytes} /dev/zero", ProcessHarness.Caps with { StdoutBytes = 16 << 20 });
        Assert.Equal((bytes, bytes), (outcome.Stdout.SizeBytes, evidence["stdout"].Length));
        Assert.Equal(outcome.Stdout.Sha256, Digest.Of(evidence["stdout"].Span));
    }

    [Fact]
    public async Task What_is_too_much_is_not_shown()
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentMode.ProcessTree);
        var (outcome, evidence) = await harness.RunAsync($"head -c {(8 << 20) + 1} /dev/zero", ProcessHarness.Caps with { StdoutBytes = 16 << 20 });
        Assert.Equal(0, outcome.ExitCode);
        Assert.False(evidence.ContainsKey("stdout"));
    }
}
