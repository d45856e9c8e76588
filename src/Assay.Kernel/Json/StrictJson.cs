using System.Text.Json;
using System.Text.Unicode;

namespace Assay.Kernel.Json;

/// <summary>
/// Reads JSON (RFC 8259) as I-JSON (RFC 7493) asks: UTF-8 without a byte order mark, no duplicate keys, no lone surrogates, numbers
/// that a double can hold, at most <see cref="MaxDepth"/> levels.
/// </summary>
public static class StrictJson
{
    /// <summary>The deepest nesting that is accepted.</summary>
    public const int MaxDepth = 128;

    /// <summary>The deepest nesting of what untrusted work wrote.</summary>
    public const int UntrustedDepth = 64;

    /// <summary>The value in <paramref name="utf8"/>, detached from the buffer, or the first thing that is wrong with it.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="source">How errors name it.</param>
    /// <param name="maxDepth">The deepest nesting.</param>
    public static Checked<JsonElement> Parse(ReadOnlyMemory<byte> utf8, string source, int maxDepth = MaxDepth)
    {
        var bytes = utf8.Span;
        if (bytes.StartsWith("\uFEFF"u8))
        {
            return new InputProblem(source, "", "encoding", "starts with a byte order mark; save it as plain UTF-8", 1, 1);
        }

        if (!Utf8.IsValid(bytes)) return InvalidUtf8(bytes, source);
        try
        {
            if (FirstBadToken(bytes, source, maxDepth) is { } problem) return problem;
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            var line = (int)(e.LineNumber ?? 0) + 1;
            var column = (int)(e.BytePositionInLine ?? 0) + 1;
            return DuplicateKey(bytes, source, maxDepth) ?? new InputProblem(source, "", "syntax", Describe(e), line, column);
        }
    }

    private static InputProblem InvalidUtf8(ReadOnlySpan<byte> bytes, string source)
    {
        var good = 0;
        while (good < bytes.Length && System.Text.Rune.DecodeFromUtf8(bytes[good..], out _, out var used) == System.Buffers.OperationStatus.Done)
        {
            good += used;
        }

        var (line, column) = JsonLocator.LineAndColumn(bytes, good);
        return new InputProblem(source, "", "encoding", "is not valid UTF-8 here", line, column);
    }

    /// <summary>Strings that no Unicode text can hold and numbers that no double can, which the framework's parser lets pass.</summary>
    private static InputProblem? FirstBadToken(ReadOnlySpan<byte> bytes, string source, int maxDepth)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            var message = reader.TokenType switch
            {
                JsonTokenType.PropertyName or JsonTokenType.String when reader.ValueIsEscaped && !HasText(ref reader)
                    => "a string holds a surrogate without its partner",
                JsonTokenType.Number when !reader.TryGetDouble(out var number) || !double.IsFinite(number)
                    => "the number does not fit a double",
                _ => null,
            };
            if (message is null) continue;
            var (line, column) = JsonLocator.LineAndColumn(bytes, (int)reader.TokenStartIndex);
            return new InputProblem(source, "", reader.TokenType == JsonTokenType.Number ? "number" : "encoding", message, line, column);
        }

        return null;
    }

    private static bool HasText(ref Utf8JsonReader reader)
    {
        try
        {
            _ = reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static InputProblem? DuplicateKey(ReadOnlySpan<byte> bytes, string source, int maxDepth)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = maxDepth });
        var keys = new Stack<HashSet<string>>();
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.StartObject) keys.Push(new HashSet<string>(StringComparer.Ordinal));
                else if (reader.TokenType == JsonTokenType.EndObject) keys.Pop();
                else if (reader.TokenType == JsonTokenType.PropertyName && !keys.Peek().Add(reader.GetString()!))
                {
                    var (line, column) = JsonLocator.LineAndColumn(bytes, (int)reader.TokenStartIndex);
                    return new InputProblem(source, "", "duplicate_key", $"the key \"{reader.GetString()}\" appears twice", line, column);
                }
            }
        }
        catch (JsonException)
        {
            // The syntax error comes before any duplicate key; the caller reports it.
        }

        return null;
    }

    private static string Describe(JsonException e)
    {
        var text = e.Message;
        var end = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end > 0 ? text[..end] : text;
    }
}
