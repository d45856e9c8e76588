using Assay.Kernel.Values;

namespace Assay.Tests.Values;

public sealed class BackOffTests
{
    [Theory]
    [InlineData(BackOffGrowth.Exponential, new[] { 100, 200, 400, 800, 1_000, 1_000 })]
    [InlineData(BackOffGrowth.Linear, new[] { 100, 200, 300, 400, 500, 600 })]
    [InlineData(BackOffGrowth.Constant, new[] { 100, 100, 100, 100, 100, 100 })]
    public void Pauses_grow_to_the_longest(BackOffGrowth growth, int[] ms)
    {
        var backOff = new BackOff(growth, 100, 1_000, Jitter: false);
        Assert.Equal(ms, Enumerable.Range(1, ms.Length).Select(n => (int)backOff.Pause(n, "any").TotalMilliseconds));
    }

    [Fact]
    public void Jitter_cuts_up_to_half_and_is_the_same_for_the_same_attempt()
    {
        var backOff = new BackOff(BackOffGrowth.Constant, 1_000, 1_000, Jitter: true);
        var pauses = Enumerable.Range(0, 100).Select(n => backOff.Pause(1, $"run/task/{n}").TotalMilliseconds).ToList();
        Assert.All(pauses, p => Assert.InRange(p, 500, 1_000));
        Assert.True(pauses.Distinct().Count() > 90);
        Assert.Equal(pauses[7], backOff.Pause(1, "run/task/7").TotalMilliseconds);
    }

    [Fact]
    public void A_pause_that_would_grow_without_end_is_the_longest() =>
        Assert.Equal(TimeSpan.FromDays(1), new BackOff(BackOffGrowth.Exponential, 60_000, 86_400_000, Jitter: false).Pause(int.MaxValue, "any"));
}
