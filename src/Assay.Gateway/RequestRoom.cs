namespace Assay.Gateway;

/// <summary>Room for the requests that all gateways of a program read at once: each takes several times its length in memory.</summary>
internal sealed class RequestRoom(long most)
{
    private readonly Lock _gate = new();
    private long _taken;
    private TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes so many bytes of it as soon as they are there.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    public async Task TakeAsync(long bytes, CancellationToken waits)
    {
        while (true)
        {
            Task freed;
            lock (_gate)
            {
                if (_taken == 0 || _taken + bytes <= most)
                {
                    _taken += bytes;
                    return;
                }

                freed = _freed.Task;
            }

            await freed.WaitAsync(waits).ConfigureAwait(false);
        }
    }

    public void Return(long bytes)
    {
        lock (_gate)
        {
            _taken -= bytes;
            _freed.SetResult();
            _freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
