using Assay.Engine.Streams;

namespace Assay.Cli.Output;

/// <summary>Shows an epoch while it runs, on standard error.</summary>
internal abstract class EpochReporter : IAsyncDisposable
{
    /// <summary>A live view on a terminal, plain lines elsewhere, nothing when a program reads.</summary>
    public static EpochReporter Choose(bool json)
    {
        if (json) return new SilentReporter();
        return Console.IsErrorRedirected || Environment.GetEnvironmentVariable("TERM") is null or "dumb" ? new PlainReporter() : new LiveReporter();
    }

    public abstract void Observe(EngineNotice notice);

    public abstract ValueTask DisposeAsync();

    private sealed class SilentReporter : EpochReporter
    {
        public override void Observe(EngineNotice notice)
        {
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
