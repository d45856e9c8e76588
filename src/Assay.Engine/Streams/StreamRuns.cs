using System.Collections.Concurrent;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>The streams that one engine works on, each with one runner at a time.</summary>
internal sealed class StreamRuns(EngineParts engine)
{
    private readonly ConcurrentDictionary<StreamName, TaskCompletionSource> _running = new();

    /// <summary>Owns a stream and advances it as far as it goes now.</summary>
    /// <param name="lane">The stream's lane.</param>
    /// <param name="stream">The stream, which must have events.</param>
    /// <param name="concurrency">How many of its effects may be under way at once.</param>
    /// <param name="cancel">Ends what is under way and records that it was cancelled.</param>
    /// <param name="drain">Lets what is under way come to its end, and starts nothing more.</param>
    public async Task<RunResult> RunAsync(ILane lane, StreamName stream, int concurrency, CancellationToken cancel, CancellationToken drain)
    {
        // A session may claim anew what it owns, so that two runners of one engine would fence each other.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_running.TryAdd(stream, ended)) return new RunResult.Owned(engine.Session.Identity);
        try
        {
            return await new StreamRunner(engine, lane, stream, concurrency, drain).RunAsync(cancel);
        }
        finally
        {
            _running.TryRemove(stream, out _);
            ended.SetResult();
        }
    }

    /// <summary>Ends when this engine works on a stream no more; at once when it does not.</summary>
    public Task LetGoAsync(StreamName stream) => _running.TryGetValue(stream, out var ended) ? ended.Task : Task.CompletedTask;
}
