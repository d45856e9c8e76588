using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;

namespace Assay.Kernel.Lanes;

/// <summary>
/// A fold as bytes, so that a long stream can be opened without folding all of it again. The same fold of the same build gives the same
/// bytes, by which it can be checked. There is no version to raise: only the very build that wrote it reads it (<see cref="BuildOf"/>).
/// </summary>
public static class FoldSnapshot
{
    /// <summary>Names the build of a lane: it differs whenever a line of the lane or of the kernel does, or of what writes JSON.</summary>
    public static string BuildOf(ILane lane) => string.Concat(
        new[] { lane.GetType(), typeof(FoldSnapshot), typeof(JsonSerializer) }.Select(t => t.Module.ModuleVersionId.ToString("N")));

    /// <summary>Whether a lane keeps its folds.</summary>
    public static bool IsKept(ILane lane) => lane.StateType is not null;

    /// <summary>Writes a fold of a lane that keeps them.</summary>
    public static ReadOnlyMemory<byte> Write(LaneFold fold)
    {
        var output = new ArrayBufferWriter<byte>(1 << 16);
        using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartArray();
        var ends = fold.Ends.Select(e => new FileEnd(e.Key.Root, e.Key.Path, e.Value));
        FileEnd[] ordered = [.. ends.OrderBy(e => e.Root, StringComparer.Ordinal).ThenBy(e => e.Path, StringComparer.Ordinal)];
        JsonSerializer.Serialize(writer, ordered, FoldJson.Default.FileEndArray);
        EffectStarted[] inFlight = [.. fold.Effects.InFlight.Values];
        JsonSerializer.Serialize(writer, inFlight, FoldJson.Default.EffectStartedArray);
        var (ids, counts) = fold.Effects.Attempts.Sorted();
        JsonSerializer.Serialize(writer, ids, FoldJson.Default.StringArray);
        JsonSerializer.Serialize(writer, counts, FoldJson.Default.Int32Array);
        JsonSerializer.Serialize(writer, fold.State, fold.Lane.StateType!);
        writer.WriteEndArray();
        writer.Flush();
        return output.WrittenMemory;
    }

    private static JsonException Damaged => new("what is kept of a fold is damaged");

    /// <summary>Reads what the same build wrote.</summary>
    /// <exception cref="JsonException">The bytes are damaged.</exception>
    public static LaneFold Read(ILane lane, ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        reader.Read();
        reader.Read();
        var ends = JsonSerializer.Deserialize(ref reader, FoldJson.Default.FileEndArray) ?? throw Damaged;
        reader.Read();
        var inFlight = JsonSerializer.Deserialize(ref reader, FoldJson.Default.EffectStartedArray) ?? throw Damaged;
        reader.Read();
        var ids = JsonSerializer.Deserialize(ref reader, FoldJson.Default.StringArray) ?? throw Damaged;
        reader.Read();
        var counts = JsonSerializer.Deserialize(ref reader, FoldJson.Default.Int32Array) ?? throw Damaged;
        reader.Read();
        var state = JsonSerializer.Deserialize(ref reader, lane.StateType!) ?? throw Damaged;
        var places = ends.Select(e => KeyValuePair.Create((e.Root, e.Path), e.End));
        return LaneFold.Of(lane) with
        {
            State = state,
            Ends = LaneFold.Of(lane).Ends.AddRange(places),
            Effects = new ActiveEffects
            {
                InFlight = ActiveEffects.None.InFlight.AddRange(inFlight.Select(s => KeyValuePair.Create(s.EffectId, s))),
                Attempts = AttemptCounts.Kept(ids, counts),
            },
        };
    }
}

/// <summary>Where a growing file ends.</summary>
internal sealed record FileEnd(string? Root, string Path, long End);

[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(FileEnd[]))]
[JsonSerializable(typeof(EffectStarted[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int[]))]
internal sealed partial class FoldJson : JsonSerializerContext;
