using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Json;

namespace Assay.Gateway;

/// <summary>One line for each request: what was asked and answered by digest, tokens and cost as far as they are known.</summary>
internal sealed class RequestLog(Stream stream, KeyFilter filter)
{
    /// <summary>Refusals after which they are only counted; an agent can provoke them without end.</summary>
    private const int MostRefusals = 1_000;

    /// <summary>Requests to the model after which they are only counted.</summary>
    private const int MostAsked = 50_000;

    private readonly Lock _gate = new();
    private bool _isClosed;
    private int _refusals;
    private int _asked;
    private long _unlisted;

    /// <param name="line">What is to be said of a request.</param>
    /// <param name="isAsked">Whether the model was asked, or would have been.</param>
    public void Add(JsonObject line, bool isAsked)
    {
        lock (_gate)
        {
            if (_isClosed) return;
            if (isAsked ? ++_asked > MostAsked : ++_refusals > MostRefusals) _unlisted++;
            else Write(line);
        }
    }

    /// <summary>Notes a request that is about to be sent.</summary>
    public void Begin(JsonObject line)
    {
        lock (_gate)
        {
            if (!_isClosed && _asked < MostAsked) Write(line);
        }
    }

    /// <summary>Takes no more lines, so that what is hashed afterwards stays as it is.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (!_isClosed && _unlisted > 0) Write(new JsonObject { ["unlisted"] = _unlisted });
            _isClosed = true;
        }
    }

    private void Write(JsonObject line)
    {
        using var document = JsonDocument.Parse(line.ToJsonString());
        stream.Write([.. filter.Clean(CanonicalJson.Serialize(document.RootElement)).Span, (byte)'\n']);
        stream.Flush();
    }

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A text of the agent's, bounded, for a line.</summary>
    public static string? Cut(string? text) => text is { Length: > 200 } ? new StringBuilder(text, 0, 200, 201).Append('…').ToString() : text;
}
