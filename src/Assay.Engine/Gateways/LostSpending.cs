using System.Text.Json;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Native;

namespace Assay.Engine.Gateways;

/// <summary>
/// What an attempt can have spent at most whose engine died, by the log of its gateway: what requests cost that had ended, and what was put
/// aside for those under way. Where the log does not tell, that is all that it was allowed.
/// </summary>
internal static class LostSpending
{
    private const long MaxBytes = 128L << 20;

    /// <summary>A log of as many lines as may be written may hold back more.</summary>
    private const int MaxLines = 50_000;

    /// <param name="gateway">What the attempt was allowed.</param>
    /// <param name="root">The folder below which the log lies; null: what lies there may not be all that was written.</param>
    /// <returns>Null: there are no prices, or no budget and no log.</returns>
    public static Usd? AtMost(ModelGateway gateway, string? root)
    {
        if (gateway.Prices is null) return null;
        try
        {
            return root is null ? gateway.MaxCost : Read(Path.Combine(root, gateway.LogFile)) ?? gateway.MaxCost;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            return gateway.MaxCost;
        }
    }

    /// <summary>Null: it does not tell all.</summary>
    private static Usd? Read(string path)
    {
        // Without a log the gateway was not open yet.
        if (!Path.Exists(path)) return default(Usd);
        using var folder = FolderHandle.OpenNamed(Path.GetDirectoryName(path)!);
        using var file = folder.OpenFile(Path.GetFileName(path));
        if (file.Handle is null || file.ReadAll(MaxBytes) is not { } bytes) return null;
        var (sum, lines) = (default(Usd), 0);
        var underWay = new Dictionary<long, Usd>();
        using var reader = new StreamReader(new MemoryStream(bytes));
        while (reader.ReadLine() is { } text)
        {
            using var line = JsonDocument.Parse(text);
            if (++lines >= MaxLines || line.RootElement.TryGetProperty("unlisted", out _)) return null;
            var request = line.RootElement.GetProperty("request").GetInt64();
            var reserved = Micros(line.RootElement, "reserved_micro_usd");
            if (line.RootElement.TryGetProperty("under_way", out _))
            {
                underWay[request] = reserved ?? default;
                continue;
            }

            underWay.Remove(request);
            sum += Micros(line.RootElement, "cost_micro_usd") ?? reserved ?? default;
        }

        return underWay.Values.Aggregate(sum, (all, one) => all + one);
    }

    private static Usd? Micros(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? new Usd(value.GetInt64()) : null;
}
