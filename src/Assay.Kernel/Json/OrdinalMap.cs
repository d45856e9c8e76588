using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Assay.Kernel.Json;

/// <summary>Reads a sorted dictionary in the order of its keys' characters, whatever the culture of the process.</summary>
/// <typeparam name="TValue">Its values, which the options must know.</typeparam>
public sealed class OrdinalMap<TValue> : JsonConverter<ImmutableSortedDictionary<string, TValue>>
{
    public override ImmutableSortedDictionary<string, TValue> Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, TValue>(StringComparer.Ordinal);
        var type = TypeOf(options);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            map.Add(key, JsonSerializer.Deserialize(ref reader, type)!);
        }

        return map.ToImmutable();
    }

    public override void Write(Utf8JsonWriter writer, ImmutableSortedDictionary<string, TValue> value, JsonSerializerOptions options)
    {
        var type = TypeOf(options);
        writer.WriteStartObject();
        foreach (var (key, item) in value)
        {
            writer.WritePropertyName(key);
            JsonSerializer.Serialize(writer, item, type);
        }

        writer.WriteEndObject();
    }

    private static JsonTypeInfo<TValue> TypeOf(JsonSerializerOptions options) => (JsonTypeInfo<TValue>)options.GetTypeInfo(typeof(TValue));
}
