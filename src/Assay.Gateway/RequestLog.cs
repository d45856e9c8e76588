using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Kernel.Json;

namespace Assay.Gateway;

/// <summary>One line for each request: what was asked and answered by digest, tokens and cost as far as they are known.</summary>
internal sealed class RequestLog(Stream stream)
{
    private readonly Lock _gate = new();
    private bool _isClosed;

    public void Add(JsonObject line)
    {
        using var document = System.Text.Json.JsonDocument.Parse(line.ToJsonString());
        byte[] bytes = [.. CanonicalJson.Serialize(document.RootElement), (byte)'\n'];
        lock (_gate)
        {
            if (_isClosed) return;
            stream.Write(bytes);
            stream.Flush();
        }
    }

    /// <summary>Takes no more lines, so that what is hashed afterwards stays as it is.</summary>
    public void Close()
    {
        lock (_gate) _isClosed = true;
    }

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A text of the agent's, bounded, for a line.</summary>
    public static string? Cut(string? text) => text is { Length: > 200 } ? new StringBuilder(text, 0, 200, 201).Append('…').ToString() : text;
}
