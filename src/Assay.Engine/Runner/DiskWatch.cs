using Assay.Engine.Runner.Sandbox;

namespace Assay.Engine.Runner;

/// <summary>
/// The disk cap of one run. It is measured on a thread of the pool, since a look through many files takes long, and whoever watches the run
/// has other caps to hold meanwhile.
/// </summary>
/// <param name="meter">Measures what the run holds.</param>
/// <param name="cap">The cap; null: there is none, and nothing is measured.</param>
/// <param name="before">What lay in the run's folders before it.</param>
/// <param name="memory">The file system of its own that holds the cap instead; null: none.</param>
internal sealed class DiskWatch(DiskMeter meter, long? cap, long before, MemoryDisk? memory) : IDisposable
{
    /// <summary>What is waited for a look that is short, so that it counts at once.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _end = new();
    private Task _look = Task.CompletedTask;
    private long _bytes;
    private volatile bool _isOver;

    /// <summary>What the run held at the last look.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>
    /// Whether the run holds more of the disk than it may, or hides what it holds, by what was seen last. Begins the next look.
    /// </summary>
    /// <param name="members">The run's processes.</param>
    public bool IsOver(Func<IEnumerable<int>> members)
    {
        if (cap is null || IsInMemory()) return false;
        if (_look.IsCompleted)
        {
            int[] now = [.. members()];
            _look = Task.Run(() => Look(now, _end.Token));
        }

        _look.Wait(Moment);
        return _isOver;
    }

    /// <summary>The same when nothing of the run is left.</summary>
    /// <param name="members">What is left of its processes.</param>
    public bool IsOverAtEnd(IEnumerable<int> members)
    {
        if (cap is null || IsInMemory()) return false;
        _end.Cancel();
        _look.Wait();
        Look([.. members], CancellationToken.None);
        return _isOver;
    }

    public void Dispose()
    {
        _end.Cancel();
        _look.Wait();
        _end.Dispose();
    }

    private bool IsInMemory()
    {
        if (memory is null) return false;
        _bytes = memory.UsedBytes + Environment.SystemPageSize;
        return true;
    }

    /// <summary>What cannot be measured counts as too much.</summary>
    private void Look(int[] members, CancellationToken cancel)
    {
        try
        {
            var bytes = meter.Measure(cap!.Value + before, members, cancel) - before;
            Volatile.Write(ref _bytes, bytes);
            _isOver = bytes > cap || meter.Problem is not null;
        }
        catch (OperationCanceledException)
        {
            // The run has ended, and is measured once more.
        }
        catch (Exception)
        {
            // Whatever goes wrong here must not reach the thread that watches the run as anything but a cap that was passed.
            _isOver = true;
        }
    }
}
