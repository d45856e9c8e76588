using System.Threading.Channels;

namespace Assay.Server.Api.Events;

/// <summary>
/// One client's place at a feed. What it has not taken yet is bounded: a client that falls too far behind is cut off, and comes again.
/// </summary>
internal sealed class Listener : IDisposable
{
    /// <summary>How many events may wait for a client.</summary>
    public const int MaxWaiting = 256;

    private readonly Channel<FeedEvent> _waiting = Channel.CreateBounded<FeedEvent>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource _cut = new();

    /// <summary>The client was cut off.</summary>
    public CancellationToken WasCut => _cut.Token;

    public ChannelReader<FeedEvent> Waiting => _waiting.Reader;

    /// <summary>Puts an event before the client, without waiting for it. False when it is cut off with this.</summary>
    public bool TryTell(FeedEvent told)
    {
        if (_waiting.Writer.TryWrite(told)) return true;
        Cut();
        return false;
    }

    /// <summary>Ends it, also while something is being sent that the client does not take.</summary>
    public void Cut()
    {
        _waiting.Writer.TryComplete();

        // Not on this thread: whoever delivers goes on to the next client.
        _ = _cut.CancelAsync();
    }

    public void Dispose() => _cut.Dispose();
}
