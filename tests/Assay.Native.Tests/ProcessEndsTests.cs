using System.Diagnostics;
using Assay.Native;

namespace Assay.Tests;

/// <summary>The end of a process is told once, whoever its parent is.</summary>
public sealed class ProcessEndsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _one = Process.Start("sleep", "600");
    private readonly Process _other = Process.Start("sleep", "600");

    public void Dispose()
    {
        foreach (var process in new[] { _one, _other })
        {
            process.Kill();
            process.Dispose();
        }
    }

    [Fact]
    public void Each_end_is_told()
    {
        using var told = new SemaphoreSlim(0);
        using var ends = new ProcessEnds(() => told.Release());
        ends.Watch(new HashSet<int> { _one.Id, _other.Id });
        Assert.False(told.Wait(TimeSpan.FromMilliseconds(200)));
        _one.Kill();
        Assert.True(told.Wait(Patience), "the first end was not told");
        _other.Kill();
        Assert.True(told.Wait(Patience), "the second end was not told");
        Assert.False(ends.IsBlind);
    }

    [Fact]
    public void One_that_is_gone_already_is_told_once()
    {
        using var told = new SemaphoreSlim(0);
        using var ends = new ProcessEnds(() => told.Release());
        ends.Watch(new HashSet<int> { int.MaxValue });
        Assert.True(told.Wait(Patience), "it was not told");
        ends.Watch(new HashSet<int> { int.MaxValue, _one.Id });
        Assert.False(told.Wait(TimeSpan.FromMilliseconds(200)));
    }

    [Fact]
    public void One_that_is_watched_no_more_is_not_told()
    {
        using var told = new SemaphoreSlim(0);
        using var ends = new ProcessEnds(() => told.Release());
        ends.Watch(new HashSet<int> { _one.Id, _other.Id });
        ends.Watch(new HashSet<int> { _other.Id });
        _one.Kill();
        _one.WaitForExit();
        Assert.False(told.Wait(TimeSpan.FromMilliseconds(200)));
        _other.Kill();
        Assert.True(told.Wait(Patience), "the end of the one that is still watched was not told");
    }
}
