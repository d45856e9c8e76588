using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Ledger;

namespace Assay.Observe;

/// <summary>
/// The metrics of a workspace as they were a moment ago, for exporters: those ask without being able to wait. They are read only while
/// somebody listens, and only when something was committed.
/// </summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
internal sealed class LatestMetrics(Workspace workspace, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan LookAtMostEvery = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private readonly AsyncSignal _asked = new();
    private Func<bool> _isListenedTo = () => false;
    private TaskMetrics? _value;
    private Task _reading = Task.CompletedTask;
    private long _position = -1;

    /// <summary>As they were when they were last read; null before that: they are read then.</summary>
    public TaskMetrics? Value
    {
        get
        {
            var value = Volatile.Read(ref _value);
            if (value is null) _asked.Set();
            return value;
        }
    }

    /// <summary>Begins to read them.</summary>
    /// <param name="isListenedTo">Whether anybody wants them.</param>
    public void Begin(Func<bool> isListenedTo)
    {
        _isListenedTo = isListenedTo;
        _reading = RunAsync();
    }

    /// <summary>Reads them for the last time.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _reading;
        await LookAsync();
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        using var listening = workspace.Store.Listen(_asked.Set);
        while (!_end.IsCancellationRequested)
        {
            _asked.Reset();
            await LookAsync();
            await Task.Delay(LookAtMostEvery, time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _asked.Task.WaitAsync(_end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync()
    {
        if (!_isListenedTo()) return;
        try
        {
            var position = (await workspace.Store.ChangesAsync(long.MaxValue - 1)).Position;
            if (position == _position) return;
            Volatile.Write(ref _value, await TaskMetrics.ReadAsync(workspace, time));
            _position = position;
        }
        catch (LedgerException)
        {
            // Whoever works on the ledger says what is wrong with it; the figures stay as they were.
        }
    }
}
