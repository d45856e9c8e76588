namespace Assay.Engine.Streams;

/// <summary>Wakes one who waits. What comes before it is waited for wakes at once, and several such count as one.</summary>
public sealed class AsyncSignal
{
    private TaskCompletionSource _set = New();

    /// <summary>Ends with the next signal, or at once when there was one since the last <see cref="Reset"/>.</summary>
    public Task Task => Volatile.Read(ref _set).Task;

    /// <summary>Wakes who waits, and who waits next. Safe for many threads.</summary>
    public void Set() => Volatile.Read(ref _set).TrySetResult();

    /// <summary>Forgets the signals until now. To be called before it is looked what they stand for, so that none is missed.</summary>
    public void Reset()
    {
        if (_set.Task.IsCompleted) Volatile.Write(ref _set, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
