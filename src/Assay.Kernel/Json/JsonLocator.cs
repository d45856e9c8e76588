using System.Text.Json;

namespace Assay.Kernel.Json;

/// <summary>Finds where in a JSON text a value stands, for error messages. Reads the text anew: errors are rare.</summary>
public static class JsonLocator
{
    /// <summary>1-based line and column of the value at <paramref name="pointer"/>; of the nearest parent when it is not there.</summary>
    public static (int Line, int Column) Locate(ReadOnlySpan<byte> utf8, string pointer)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = StrictJson.MaxDepth });
        reader.Read();
        foreach (var segment in JsonPointer.Segments(pointer))
        {
            var parent = (int)reader.TokenStartIndex;
            if (!Enter(ref reader, segment)) return LineAndColumn(utf8, parent);
        }

        return LineAndColumn(utf8, (int)reader.TokenStartIndex);
    }

    /// <summary>1-based line and column of a byte offset.</summary>
    public static (int Line, int Column) LineAndColumn(ReadOnlySpan<byte> utf8, int offset)
    {
        var before = utf8[..Math.Min(offset, utf8.Length)];
        return (before.Count((byte)'\n') + 1, before.Length - before.LastIndexOf((byte)'\n'));
    }

    private static bool Enter(ref Utf8JsonReader reader, string segment)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals(segment);
                reader.Read();
                if (found) return true;
                reader.Skip();
            }
        }
        else if (reader.TokenType == JsonTokenType.StartArray && int.TryParse(segment, out var index))
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (index-- == 0) return true;
                reader.Skip();
            }
        }

        return false;
    }
}
