using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Assay.Lanes.Tasks;

/// <summary>Writes a book as its tasks, from which all the rest follows.</summary>
internal sealed class TaskBookConverter : JsonConverter<TaskBook>
{
    public override TaskBook Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var tasks = new List<TaskState>();
        var type = TypeOf(options);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) tasks.Add(JsonSerializer.Deserialize(ref reader, type)!);
        return TaskBook.Of(tasks);
    }

    public override void Write(Utf8JsonWriter writer, TaskBook value, JsonSerializerOptions options)
    {
        var type = TypeOf(options);
        writer.WriteStartArray();
        foreach (var task in value) JsonSerializer.Serialize(writer, task, type);
        writer.WriteEndArray();
    }

    private static JsonTypeInfo<TaskState> TypeOf(JsonSerializerOptions options) =>
        (JsonTypeInfo<TaskState>)options.GetTypeInfo(typeof(TaskState));
}
