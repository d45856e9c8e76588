using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Engine.Gateways;
using Assay.Gateway;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Tests.Tasks;

/// <summary>A gateway with its log, spoken to byte by byte.</summary>
internal sealed class GatewayClient : IDisposable
{
    private readonly MemoryStream _log = new();

    public GatewayClient(string endpoint, Usd? most = null, int maxOutput = 32_000, ModelDialect dialect = ModelDialect.Anthropic, string key = ScriptedProvider.Key) =>
        Gateway = Open(_log, endpoint, most, maxOutput, dialect, key);

    public IOpenGateway Gateway { get; }

    /// <summary>All that was written to the log.</summary>
    public string Log => Encoding.UTF8.GetString(_log.ToArray());

    public static IOpenGateway Open(Stream log, string endpoint, Usd? most, int maxOutput, ModelDialect dialect, string key = ScriptedProvider.Key) =>
        new ModelGateways(TimeProvider.System).Open(
            new ModelGateway
            {
                Dialect = dialect,
                Endpoint = endpoint,
                Model = "declared",
                Prices = new TokenPrices(5, 5, 25),
                MaxOutputTokens = maxOutput,
                MaxCost = most,
                LogFile = "gateway.jsonl",
            },
            key,
            log);

    /// <summary>The lines of requests that have ended.</summary>
    public static List<JsonNode> Lines(MemoryStream log) =>
        [.. AllLines(Encoding.UTF8.GetString(log.ToArray())).Where(l => l["under_way"] is null)];

    public List<JsonNode> Lines() => Lines(_log);

    public List<JsonNode> UnderWay() => [.. AllLines(Log).Where(l => l["under_way"] is not null)];

    public void Dispose()
    {
        Gateway.Dispose();
        _log.Dispose();
    }

    /// <summary>Asks, and returns what comes back as it is on the wire.</summary>
    public async Task<RawAnswer> AskAsync(string path, byte[] body, string headers = "content-type: application/json\r\n")
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Gateway.Port);
        var head = $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {Gateway.Key}\r\nconnection: close\r\n{headers}content-length: {body.Length}\r\n\r\n";
        await client.Client.SendAsync(Encoding.Latin1.GetBytes(head));
        await client.Client.SendAsync(body);
        using var all = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(all);
        }
        catch (IOException)
        {
            // It was cut.
        }

        return RawAnswer.Read(Encoding.Latin1.GetString(all.ToArray()));
    }

    public Task<RawAnswer> AskAsync(string path, string body, string headers = "content-type: application/json\r\n") =>
        AskAsync(path, Encoding.UTF8.GetBytes(body), headers);

    private static IEnumerable<JsonNode> AllLines(string log) => log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!);
}

/// <summary>An answer as it came: its status, its body, and how that was cut into chunks.</summary>
internal sealed record RawAnswer(int Status, string Body, string Chunks)
{
    public static RawAnswer Read(string wire)
    {
        var end = wire.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) return new RawAnswer(0, wire, "");
        var (head, rest) = (wire[..end], wire[(end + 4)..]);
        var status = int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture);
        if (!head.Contains("chunked", StringComparison.OrdinalIgnoreCase)) return new RawAnswer(status, rest, $"{rest.Length}");
        var (body, chunks) = (new StringBuilder(), new List<int>());
        while (rest.IndexOf("\r\n", StringComparison.Ordinal) is var line and > 0)
        {
            var length = int.Parse(rest[..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0) break;
            chunks.Add(length);
            body.Append(rest, line + 2, length);
            rest = rest[(line + 2 + length + 2)..];
        }

        return new RawAnswer(status, body.ToString(), string.Join(' ', chunks));
    }
}
