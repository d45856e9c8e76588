using System.Threading.Channels;
using Assay.Engine;
using Assay.Engine.Processes;

namespace Assay.Cli.Output;

/// <summary>
/// Passes on what a command prints, as it comes. A reader that is slow or stopped, as a pager is, must not hold up who watches the command's caps; what
/// waits here is never more than the command's output may be.
/// </summary>
internal sealed class LiveOutput : IAsyncDisposable
{
    private readonly Channel<ProcessOutput> _queue = Channel.CreateUnbounded<ProcessOutput>();
    private readonly CancellationTokenSource _unread = new();
    private readonly Task _writer;

    /// <param name="json">Whether all of it goes to standard error, since standard output is for the report.</param>
    public LiveOutput(bool json) => _writer = Task.Factory.StartNew(() => Write(json), TaskCreationOptions.LongRunning).Unwrap();

    /// <summary>Is cancelled when whoever read the output is gone, as with <c>| head</c>.</summary>
    public CancellationToken NobodyReads => _unread.Token;

    public void Observe(EngineNotice notice)
    {
        if (notice is AttemptProgressed { Progress: ProcessOutput output }) _queue.Writer.TryWrite(output);
    }

    /// <summary>Writes everything that is still waiting.</summary>
    public Task FinishAsync()
    {
        _queue.Writer.TryComplete();
        return _writer;
    }

    public async ValueTask DisposeAsync()
    {
        await FinishAsync();
        _unread.Dispose();
    }

    private async Task Write(bool json)
    {
        await foreach (var output in _queue.Reader.ReadAllAsync())
        {
            if (_unread.IsCancellationRequested) continue;
            var descriptor = output.Stream == "stdout" && !json ? OutputDescriptor.StandardOutput : OutputDescriptor.StandardError;
            if (!OutputDescriptor.Write(descriptor, output.Bytes.Span)) await _unread.CancelAsync();
        }
    }
}
