using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Assay.Kernel.Streams;

/// <summary>The name of a stream: the lane that folds it, a slash, and an id that may stand in a path: <c>epoch/EPOCH_BASELINE</c>.</summary>
[JsonConverter(typeof(StreamNameConverter))]
public readonly partial record struct StreamName
{
    private StreamName(string lane, string id)
    {
        Lane = lane;
        Id = id;
    }

    public string Lane { get; }

    public string Id { get; }

    /// <exception cref="FormatException">One of the two parts does not match its pattern.</exception>
    public static StreamName Of(string lane, string id) =>
        LanePattern().IsMatch(lane) && IsId(id) ? new StreamName(lane, id) : throw new FormatException($"\"{lane}/{id}\" is no stream name");

    public static bool TryParse(string text, out StreamName name)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var valid = slash > 0 && LanePattern().IsMatch(text.AsSpan(0, slash)) && IsId(text[(slash + 1)..]);
        name = valid ? new StreamName(text[..slash], text[(slash + 1)..]) : default;
        return valid;
    }

    /// <exception cref="FormatException">The text is no stream name.</exception>
    public static StreamName Parse(string text) => TryParse(text, out var name) ? name : throw new FormatException($"\"{text}\" is no stream name");

    /// <summary>Whether a text is an id: a letter or digit, then at most 127 of letters, digits, <c>_ . -</c>.</summary>
    public static bool IsId(string text) => IdPattern().IsMatch(text);

    /// <summary>The hash that the first event of the stream names as its previous one.</summary>
    public Digest Genesis => Digest.Of(ToString());

    public override string ToString() => $"{Lane}/{Id}";

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LanePattern();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IdPattern();
}

/// <summary>Where a stream ends: the version of its last event (0: none) and that event's hash.</summary>
public readonly record struct StreamHead(long Version, Digest Hash)
{
    public static StreamHead Empty(StreamName stream) => new(0, stream.Genesis);
}

/// <summary>Writes a stream's name as text.</summary>
internal sealed class StreamNameConverter : JsonConverter<StreamName>
{
    public override StreamName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        StreamName.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, StreamName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
