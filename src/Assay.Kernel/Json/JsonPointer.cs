using System.Text.Json;

namespace Assay.Kernel.Json;

/// <summary>JSON pointers (RFC 6901).</summary>
public static class JsonPointer
{
    /// <summary>Adds one key to a pointer.</summary>
    public static string Append(string pointer, string key) => $"{pointer}/{Escape(key)}";

    /// <summary>Adds one array index to a pointer.</summary>
    public static string Append(string pointer, int index) => $"{pointer}/{index}";

    /// <summary>A key as one segment of a pointer.</summary>
    public static string Escape(string key) => key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>The unescaped keys of a pointer, outermost first.</summary>
    public static IEnumerable<string> Segments(string pointer) =>
        pointer.Length == 0
            ? []
            : pointer[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));

    /// <summary>The value at a pointer, or null when nothing stands there.</summary>
    public static JsonElement? Find(JsonElement root, string pointer)
    {
        var current = root;
        foreach (var segment in Segments(pointer))
        {
            switch (current.ValueKind)
            {
                case JsonValueKind.Object when current.TryGetProperty(segment, out var member):
                    current = member;
                    break;
                case JsonValueKind.Array when int.TryParse(segment, out var index) && index >= 0 && index < current.GetArrayLength():
                    current = current[index];
                    break;
                default:
                    return null;
            }
        }

        return current;
    }
}
