using System.Threading.Channels;
using Assay.Engine;
using Assay.Engine.Runner;
using Assay.Engine.Streams;

namespace Assay.Cli.Output;

/// <summary>
/// Passes on what a command prints, as it comes. A reader that is slow or stopped, as a pager is, must not hold up who watches the
/// command's caps; what waits here is never more than the command's output may be.
/// </summary>
internal sealed class LiveOutput : IDisposable
{
    private readonly Channel<ProcessOutput> _queue = Channel.CreateUnbounded<ProcessOutput>();
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _writer;
    private OutputResult _result = OutputResult.Written;

    /// <param name="json">Whether all of it goes to standard error, since standard output is for the report.</param>
    public LiveOutput(bool json) => _writer = Task.Factory.StartNew(() => Write(json), TaskCreationOptions.LongRunning).Unwrap();

    /// <summary>Is cancelled when output cannot be passed on any more.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Whether the reader is gone, as with <c>| head</c>.</summary>
    public bool IsUnread => ReferenceEquals(_result, OutputResult.NobodyReads);

    /// <summary>Why what was printed could not be passed on to a reader who is there; null when it could.</summary>
    public string? Problem => IsUnread ? null : _result.Problem;

    /// <summary>Whether the last byte that was passed on left a line open.</summary>
    public bool IsInLine { get; private set; }

    public void Observe(EngineNotice notice)
    {
        if (notice is AttemptProgressed { Progress: ProcessOutput output }) _queue.Writer.TryWrite(output);
    }

    /// <summary>Waits until everything has been passed on, or until that is not wanted any more.</summary>
    public async Task FinishAsync(CancellationToken cancel)
    {
        _queue.Writer.TryComplete();
        await _writer.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _ended.Dispose();

    private async Task Write(bool json)
    {
        await foreach (var output in _queue.Reader.ReadAllAsync())
        {
            if (_ended.IsCancellationRequested) continue;
            var descriptor = output.Stream == "stdout" && !json ? OutputDescriptor.StandardOutput : OutputDescriptor.StandardError;
            _result = OutputDescriptor.Write(descriptor, output.Bytes.Span);
            IsInLine = output.Bytes.Span is [.., not (byte)'\n'];
            if (_result.Problem is not null) await _ended.CancelAsync();
        }
    }
}
