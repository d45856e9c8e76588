using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;

namespace Assay.Gateway;

/// <summary>
/// What differs between the ways in which models are spoken to: paths, keys, what a request may hold, where the model's name and the most
/// of an answer stand, where tokens are counted, and how an error looks. What is not known to be harmless does not pass: another
/// spelling, a field of tomorrow, or a tool of the provider's may cost more than is put aside, or reach what the run may not.
/// </summary>
internal abstract class Dialect
{
    /// <summary>More tokens than a provider makes of one picture.</summary>
    protected const long PictureTokens = 6_000;

    /// <summary>More tokens than a provider makes of one document: 100 pages of 3,000.</summary>
    protected const long DocumentTokens = 300_000;

    public static Dialect Of(ModelDialect dialect) => dialect switch
    {
        ModelDialect.Anthropic => new AnthropicDialect(),
        ModelDialect.OpenAi => new OpenAiDialect(),
        ModelDialect.Gemini => new GeminiDialect(),
        _ => throw new ArgumentOutOfRangeException(nameof(dialect), dialect, null),
    };

    /// <summary>The header in which the key goes, and what stands before it there.</summary>
    public abstract (string Header, string Prefix) Key { get; }

    /// <summary>Headers of the agent that the model needs to see.</summary>
    public virtual IReadOnlyList<string> Passed => ["accept", "content-type", "user-agent"];

    /// <summary>What is passed on of the value of such a header; null: nothing.</summary>
    public virtual string? HeaderValue(string name, string value) => value;

    /// <summary>What a request asks for.</summary>
    public abstract RequestKind Kind(string method, string path);

    /// <summary>The query that goes with a path, whichever the agent sent: other answers than these could not be counted.</summary>
    public virtual string Query(string path) => "";

    /// <summary>Puts the declared model in the place of the one that was asked for, and returns that one and the path to ask.</summary>
    public virtual (string? Asked, string Path) PutModel(JsonObject body, string path, string model)
    {
        var asked = UntrustedJson.Text(body["model"]);
        body["model"] = model;
        return (asked, path);
    }

    /// <summary>Takes out what may not pass, and names it.</summary>
    /// <exception cref="RefusedRequestException">Taking it out would make it another request.</exception>
    public abstract IReadOnlyList<string> Clean(JsonObject body, string path);

    /// <summary>The most that is paid for what is sent, in tokens of input: no tokenizer makes more than one of a byte.</summary>
    public abstract long InputAtMost(JsonObject body, long bytes);

    /// <summary>Has an answer end at so many tokens at most; returns how many that are.</summary>
    public abstract int Bound(JsonObject body, string path, int most);

    /// <summary>Takes in one event of an answer, or a whole answer.</summary>
    public abstract void Count(JsonObject part, TokenCount count);

    /// <summary>An error in this dialect's words.</summary>
    public abstract JsonObject Error(int status, string message);

    /// <summary>Removes the members that are not known.</summary>
    protected static void Keep(JsonObject parent, FrozenSet<string> known, string prefix, List<string> removed)
    {
        foreach (var name in parent.Select(p => p.Key).Where(k => !known.Contains(k)).ToList()) Remove(parent, name, prefix, removed);
    }

    /// <summary>Removes the tools that the provider would run itself: a way out that nobody sees, at prices that nobody knows.</summary>
    protected static void KeepTools(JsonObject body, Func<JsonObject, bool> isTheAgents, List<string> removed)
    {
        foreach (var tool in UntrustedJson.Objects(body["tools"]).Where(t => !isTheAgents(t)).ToList())
        {
            removed.Add($"tools/{UntrustedJson.Text(tool["type"]) ?? "?"}");
            ((JsonArray)body["tools"]!).Remove(tool);
        }
    }

    protected static void Remove(JsonObject parent, string name, string prefix, List<string> removed)
    {
        if (parent.Remove(name)) removed.Add(prefix + name);
    }

    /// <summary>Refuses a request with something in it that the provider would take from elsewhere.</summary>
    protected static void RefuseElsewhere(bool isElsewhere, string what)
    {
        if (!isElsewhere) return;
        throw new RefusedRequestException($"{what} is taken from elsewhere: the gateway passes on what stands in the request itself");
    }

    /// <summary>Lowers a limit to the most, or sets it where there is none.</summary>
    protected static int Lower(JsonObject parent, string key, int most)
    {
        var limit = (int)Math.Min(UntrustedJson.Number(parent[key]) ?? most, most);
        parent[key] = limit;
        return limit;
    }
}

/// <summary>What a request is.</summary>
internal enum RequestKind
{
    /// <summary>Nothing that a gateway passes on.</summary>
    Unknown,

    /// <summary>An answer of the model, which costs.</summary>
    Answer,

    /// <summary>Something that costs nothing: a list of models, a count of tokens.</summary>
    Free,
}

/// <summary>A request that is not passed on, in words for the agent.</summary>
internal sealed class RefusedRequestException(string message) : Exception(message);
