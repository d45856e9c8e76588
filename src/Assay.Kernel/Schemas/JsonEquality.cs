using System.Text.Json;

namespace Assay.Kernel.Schemas;

/// <summary>Equality of JSON values as JSON Schema (core section 4.2.2) defines it: numbers by value, objects without order.</summary>
internal static class JsonEquality
{
    public static bool Equal(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind) return false;
        switch (a.ValueKind)
        {
            case JsonValueKind.String:
                return a.ValueEquals(b.GetString());
            case JsonValueKind.Number:
                return ExactNumber.Of(a).Equals(ExactNumber.Of(b));
            case JsonValueKind.Array:
                if (a.GetArrayLength() != b.GetArrayLength()) return false;
                return a.EnumerateArray().Zip(b.EnumerateArray()).All(static pair => Equal(pair.First, pair.Second));
            case JsonValueKind.Object:
                if (a.GetPropertyCount() != b.GetPropertyCount()) return false;
                foreach (var property in a.EnumerateObject())
                {
                    if (!b.TryGetProperty(property.Name, out var other) || !Equal(property.Value, other)) return false;
                }

                return true;
            default:
                return true;
        }
    }

    /// <summary>A hash that equal values share.</summary>
    public static int Hash(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.GetHashCode(StringComparison.Ordinal),
        JsonValueKind.Number => ExactNumber.Of(value).GetHashCode(),
        JsonValueKind.Array => value.EnumerateArray().Aggregate(7, static (hash, item) => HashCode.Combine(hash, Hash(item))),
        JsonValueKind.Object => value.EnumerateObject().Aggregate(
            11, static (hash, property) => hash ^ HashCode.Combine(property.Name, Hash(property.Value))),
        var kind => (int)kind,
    };

    public sealed class Comparer : IEqualityComparer<JsonElement>
    {
        public static readonly Comparer Instance = new();

        public bool Equals(JsonElement x, JsonElement y) => Equal(x, y);

        public int GetHashCode(JsonElement obj) => Hash(obj);
    }
}
