using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>One request, as it goes on, and its line in the log.</summary>
internal sealed class RelayedRequest(long number, DateTimeOffset at, string method, string path)
{
    private readonly long _began = Stopwatch.GetTimestamp();

    public string Method { get; } = method;

    public string Path { get; } = path;

    /// <summary>Where the model is asked, with the declared model in it.</summary>
    public string SentPath { get; set; } = path;

    /// <summary>The model that the agent named.</summary>
    public string? AskedModel { get; set; }

    /// <summary>What was taken out of it.</summary>
    public IReadOnlyCollection<string> Removed { get; set; } = [];

    /// <summary>What was answered; null: nothing yet.</summary>
    public int? Status { get; set; }

    /// <summary>Why the gateway answered in the model's place.</summary>
    public string? Refusal { get; set; }

    /// <summary>Whether its answer was broken off here.</summary>
    public bool IsCut { get; set; }

    /// <summary>Whether it asks for what costs.</summary>
    public bool IsPaid { get; set; }

    /// <summary>Whether nobody charges for it after all.</summary>
    public bool IsFree { get; set; }

    /// <summary>Whether any of it may have reached the model: what never did costs nothing.</summary>
    public bool IsSent { get; set; }

    /// <summary>What is put aside for it, in millionths of a dollar.</summary>
    public long Reserved { get; set; }

    public TokenCount Count { get; } = new();

    public byte[]? RequestSha256 { get; set; }

    public long RequestBytes { get; set; }

    public byte[]? ResponseSha256 { get; set; }

    public long ResponseBytes { get; set; }

    public bool IsWell => Status is >= 200 and < 300 && !IsCut;

    /// <summary>What it cost, in millionths of a dollar; null: nobody has told.</summary>
    public long? Cost(AttemptBudget budget)
    {
        if (!IsPaid || IsFree || !IsSent) return 0;
        return Count.IsWhole ? SoFar(budget) : null;
    }

    /// <summary>
    /// What it has cost as far as can be seen: by the model's own count where that is told, by four characters a token until then.
    /// </summary>
    public long SoFar(AttemptBudget budget)
    {
        const int charactersPerToken = 4;
        if (!IsPaid || IsFree || !IsSent) return 0;
        var output = Count.IsFinal ? Count.Output ?? 0 : Math.Max(Count.Output ?? 0, Count.Characters / charactersPerToken);
        return budget.Price((Count.Input ?? 0) + Count.Surcharge, Count.Cached ?? 0, output);
    }

    /// <summary>Its first line, before it is sent: what it has put aside stands on disk, whatever becomes of this program.</summary>
    public JsonObject FirstLine() => new()
    {
        ["request"] = number,
        ["at"] = RequestLog.Time(at),
        ["under_way"] = true,
        ["reserved_micro_usd"] = Reserved,
    };

    public JsonObject Line(string model, bool hasPrices, AttemptBudget budget) => new()
    {
        ["request"] = number,
        ["at"] = RequestLog.Time(at),
        ["ms"] = (long)Stopwatch.GetElapsedTime(_began).TotalMilliseconds,
        ["method"] = Method,
        ["path"] = RequestLog.Cut(Path),
        ["asked_model"] = RequestLog.Cut(AskedModel),
        ["model"] = model,
        ["removed"] = new JsonArray([.. Removed.Take(20).Select(r => (JsonNode)RequestLog.Cut(r)!)]),
        ["status"] = Status,
        ["refusal"] = Refusal,
        ["cut"] = IsCut,
        ["request_bytes"] = RequestBytes,
        ["request_sha256"] = RequestSha256 is { } asked ? Convert.ToHexStringLower(asked) : null,
        ["response_bytes"] = ResponseBytes,
        ["response_sha256"] = ResponseSha256 is { } answered ? Convert.ToHexStringLower(answered) : null,
        ["input_tokens"] = Count.Input,
        ["cached_tokens"] = Count.Cached,
        ["output_tokens"] = Count.Output,
        ["cost_micro_usd"] = hasPrices ? Cost(budget) : null,
        ["reserved_micro_usd"] = hasPrices && Cost(budget) is null ? Reserved : null,
    };
}
