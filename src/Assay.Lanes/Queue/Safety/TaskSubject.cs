using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What of a task is judged: every text that it holds, also below keys that nobody knows and the keys themselves, and its command.</summary>
internal static class TaskSubject
{
    /// <summary>A key of these alone is a name, and says nothing.</summary>
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private static readonly string[] Commands = ["command", "shell"];

    /// <summary>Reads a task.</summary>
    /// <param name="task">An object.</param>
    /// <param name="place">Where it would work.</param>
    public static SafetySubject Of(JsonElement task, IWorkPlace place)
    {
        var texts = ImmutableArray.CreateBuilder<(string Where, string Text)>();
        var subject = new SafetySubject(place) { HasWorkingTree = task.TryGetProperty("working_tree", out _) };
        foreach (var property in task.EnumerateObject())
        {
            var pointer = JsonPointer.Append("", property.Name);
            if (Commands.Contains(property.Name, StringComparer.Ordinal)) subject = WithCommand(subject, property.Value, pointer);
            else Add(texts, property, pointer);
        }

        return subject with { Texts = texts.ToImmutable() };
    }

    private static SafetySubject WithCommand(SafetySubject subject, JsonElement command, string pointer) => command.ValueKind == JsonValueKind.Array
        ? subject with { Words = [.. command.EnumerateArray().Select(static w => w.GetString()!)], CommandAt = pointer }
        : subject with { Command = command.GetString()!, CommandAt = pointer };

    private static void Add(ImmutableArray<(string Where, string Text)>.Builder texts, JsonProperty property, string pointer)
    {
        if (property.Name.AsSpan().ContainsAnyExcept(NameCharacters)) texts.Add((pointer, property.Name));
        Add(texts, property.Value, pointer);
    }

    private static void Add(ImmutableArray<(string Where, string Text)>.Builder texts, JsonElement value, string pointer)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                texts.Add((pointer, value.GetString()!));
                break;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject()) Add(texts, property, JsonPointer.Append(pointer, property.Name));
                break;
            case JsonValueKind.Array:
                var at = 0;
                foreach (var item in value.EnumerateArray()) Add(texts, item, JsonPointer.Append(pointer, at++));
                break;
        }
    }
}
