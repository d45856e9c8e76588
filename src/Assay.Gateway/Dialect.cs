using System.Text.Json;
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
    public virtual IReadOnlyList<string> Passed => ["user-agent"];

    /// <summary>What is passed on of the value of such a header; null: nothing.</summary>
    public virtual string? HeaderValue(string name, string value) => value;

    /// <summary>What a request asks for.</summary>
    public abstract RequestKind Kind(string method, string path);

    /// <summary>The query that goes with a path, whichever the agent sent: other answers than these could not be counted.</summary>
    public virtual string Query(string path) => "";

    /// <summary>What a request may hold, and the member of it, if any, that stays open for the gateway's own part.</summary>
    public abstract (Shape.Members Shape, string? Last) Table(string path);

    /// <summary>The usual spelling of a name.</summary>
    public virtual string Spell(string name) => name;

    /// <summary>Puts the declared model in the place of the one that was asked for, and returns that one and the path to ask.</summary>
    public virtual (string? Asked, string Path) PutModel(CleanRequest request, string path, string model)
    {
        request.Writer.WriteString("model", model);
        return (request.Held("model") is { ValueKind: JsonValueKind.String } asked ? asked.GetString() : null, path);
    }

    /// <summary>The most that is paid for what is sent, in tokens of input: no tokenizer makes more than one of a byte.</summary>
    public virtual long InputAtMost(CleanRequest request) => request.Bytes + request.MediaTokens;

    /// <summary>How long an answer is wanted, in tokens.</summary>
    public abstract int Wanted(CleanRequest request, string path, int most);

    /// <summary>Has an answer end at so many tokens at most.</summary>
    public abstract void Bound(CleanRequest request, string path, int tokens);

    /// <summary>Takes in one event of an answer, or a whole answer.</summary>
    public abstract void Count(JsonObject part, TokenCount count);

    /// <summary>An error in this dialect's words.</summary>
    public abstract JsonObject Error(int status, string message);

    /// <summary>Whether an error is one of the provider's own for which it is documented not to charge.</summary>
    public abstract bool IsUnbilled(int status, JsonObject error);

    /// <summary>A limit that was asked for, lowered to the most.</summary>
    protected static int Lowest(JsonElement? asked, int most) => (int)Math.Min(UntrustedJson.Number(asked) ?? most, most);
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
