using Microsoft.Extensions.Logging;

namespace Assay.Server.Security;

/// <summary>Brings into the refusal log what Kestrel refuses before it is a request.</summary>
internal sealed class MalformedRequests(RefusalLog refusals) : ILoggerProvider
{
    public const string Category = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    public ILogger CreateLogger(string categoryName) => new Lines(refusals);

    public void Dispose()
    {
        // The log is its owner's.
    }

    private sealed class Lines(RefusalLog refusals) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // A body that is too large belongs to a request, whose own answer is recorded.
            if (exception is not (null or Microsoft.AspNetCore.Http.BadHttpRequestException { StatusCode: 413 }))
            {
                refusals.Malformed($"malformed: {exception.Message}");
            }
        }
    }
}
