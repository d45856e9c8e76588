using System.Collections.Immutable;
using Assay.Engine;
using Assay.Lanes.Tasks;

namespace Assay.Tasks;

/// <summary>Makes the health checks of adapters when they are due, for as long as somebody executes tasks.</summary>
internal sealed class AdapterWatch : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _watches = [];
    private readonly AssayEngine _engine;
    private readonly TimeProvider _time;

    private AdapterWatch(AssayEngine engine, TimeProvider time) => (_engine, _time) = (engine, time);

    /// <summary>Checks every adapter once, then goes on in the background.</summary>
    public static async Task<AdapterWatch> StartAsync(AssayEngine engine, ImmutableArray<AdapterSpec> adapters, TimeProvider time)
    {
        var watch = new AdapterWatch(engine, time);
        string[] watched = [.. adapters.Where(a => a.HealthCheck is not null).Select(a => a.AdapterId)];
        await Task.WhenAll(watched.Select(watch.TryCheckAsync));
        watch._watches.AddRange(watched.Select(watch.WatchAsync));
        return watch;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Task.WhenAll(_watches)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>
    /// Makes the checks that are due. Another executor may be at it, which is as good. What goes wrong with the checks of one adapter ends
    /// neither those of others nor the run, which says so itself when it meets the same trouble.
    /// </summary>
    private async Task TryCheckAsync(string adapterId)
    {
        try
        {
            _ = await _engine.RunAsync(AdapterLane.Instance, AdapterLane.StreamOf(adapterId), concurrency: 1, _stop.Token);
        }
        catch (Exception)
        {
            // The adapter stays as healthy as it was last seen to be.
        }
    }

    private async Task WatchAsync(string adapterId)
    {
        while (!_stop.IsCancellationRequested)
        {
            await TryCheckAsync(adapterId);
            await Task.Delay(LookEvery, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
