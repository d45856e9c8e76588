using System.Text.Json;

namespace Assay.Kernel.Json;

/// <summary>A document from outside, read strictly from JSON or YAML, that can still say where each of its values stood.</summary>
public sealed class InputDocument
{
    private readonly Func<string, (int Line, int Column)> _locate;

    internal InputDocument(string source, JsonElement root, Func<string, (int Line, int Column)> locate)
    {
        Source = source;
        Root = root;
        _locate = locate;
    }

    /// <summary>The file's path as the user gave it.</summary>
    public string Source { get; }

    public JsonElement Root { get; }

    /// <summary>
    /// Reads YAML when the name ends in <c>.yaml</c> or <c>.yml</c>, JSON when it ends in <c>.json</c>. Any other name is of JSON when the
    /// text begins with a bracket, else of YAML. A byte order mark is passed over.
    /// </summary>
    /// <param name="bytes">The text.</param>
    /// <param name="source">The file's path.</param>
    /// <param name="maxDepth">The deepest nesting.</param>
    public static Checked<InputDocument> Read(ReadOnlyMemory<byte> bytes, string source, int maxDepth = StrictJson.MaxDepth)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        if (IsYaml(source, bytes.Span)) return StrictYaml.Parse(bytes, source, maxDepth);
        var root = StrictJson.Parse(bytes, source, maxDepth);
        return root.IsValid
            ? new InputDocument(source, root.Value, pointer => JsonLocator.Locate(bytes.Span, pointer))
            : Checked<InputDocument>.Refused(root.Problems);
    }

    private static bool IsYaml(string source, ReadOnlySpan<byte> text) => Path.GetExtension(source).ToLowerInvariant() switch
    {
        ".yaml" or ".yml" => true,
        ".json" => false,
        _ => text.TrimStart(" \t\r\n"u8) is not ([(byte)'{' or (byte)'[', ..] or []),
    };

    /// <summary>A problem with the value at <paramref name="pointer"/>, with its line and column.</summary>
    public InputProblem Problem(string pointer, string rule, string message)
    {
        var (line, column) = _locate(pointer);
        return new InputProblem(Source, pointer, rule, message, line, column);
    }
}
