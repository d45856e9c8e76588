using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Assay.Kernel.Json;

/// <summary>RFC 8785 (JCS): one byte sequence for each JSON value, so that hashes and signatures mean something.</summary>
public static class CanonicalJson
{
    /// <summary>The canonical UTF-8 bytes of a value from <see cref="StrictJson"/>.</summary>
    /// <exception cref="FormatException">A string holds a lone surrogate, or a number is no finite double.</exception>
    public static byte[] Serialize(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        Write(value, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The canonical UTF-8 bytes of a record.</summary>
    public static byte[] Serialize<T>(T value, JsonTypeInfo<T> type) => Serialize(JsonSerializer.SerializeToElement(value, type));

    /// <summary>Appends the canonical UTF-8 bytes of a value.</summary>
    public static void Write(JsonElement value, IBufferWriter<byte> output)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value, output);
                break;
            case JsonValueKind.Array:
                WriteArray(value, output);
                break;
            case JsonValueKind.String:
                WriteString(JsonMarshal.GetRawUtf8Value(value), output);
                break;
            case JsonValueKind.Number:
                WriteNumber(value, output);
                break;
            case JsonValueKind.True:
                output.Write("true"u8);
                break;
            case JsonValueKind.False:
                output.Write("false"u8);
                break;
            case JsonValueKind.Null:
                output.Write("null"u8);
                break;
            default:
                throw new FormatException("an undefined value has no canonical form");
        }
    }

    private static void WriteArray(JsonElement value, IBufferWriter<byte> output)
    {
        output.Write("["u8);
        var first = true;
        foreach (var item in value.EnumerateArray())
        {
            if (!first) output.Write(","u8);
            first = false;
            Write(item, output);
        }

        output.Write("]"u8);
    }

    private static void WriteObject(JsonElement value, IBufferWriter<byte> output)
    {
        var count = value.GetPropertyCount();
        var properties = ArrayPool<(string Name, JsonElement Value)>.Shared.Rent(count);
        try
        {
            var index = 0;
            var sorted = true;
            foreach (var property in value.EnumerateObject())
            {
                properties[index] = (property.Name, property.Value);
                sorted = sorted && (index == 0 || string.CompareOrdinal(properties[index - 1].Name, property.Name) < 0);
                index++;
            }

            // Ordinal comparison of .NET strings is the UTF-16 code unit order of RFC 8785 section 3.2.3.
            var span = properties.AsSpan(0, count);
            if (!sorted) span.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
            output.Write("{"u8);
            for (var i = 0; i < count; i++)
            {
                if (i > 0)
                {
                    if (span[i - 1].Name == span[i].Name) throw new FormatException($"the key \"{span[i].Name}\" appears twice");
                    output.Write(","u8);
                }

                WriteText(span[i].Name, output);
                output.Write(":"u8);
                Write(span[i].Value, output);
            }

            output.Write("}"u8);
        }
        finally
        {
            ArrayPool<(string, JsonElement)>.Shared.Return(properties, clearArray: true);
        }
    }

    private static void WriteNumber(JsonElement value, IBufferWriter<byte> output)
    {
        var span = output.GetSpan(EcmaNumber.MaxBytes);
        if (!value.TryGetDouble(out var number) || !double.IsFinite(number))
        {
            throw new FormatException($"the number {value.GetRawText()} is no finite double");
        }

        output.Advance(EcmaNumber.Format(number, span));
    }

    /// <summary>A JSON string as it stood, quotes included. Without an escape in it, it is canonical already.</summary>
    private static void WriteString(ReadOnlySpan<byte> quoted, IBufferWriter<byte> output)
    {
        if (!quoted.Contains((byte)'\\'))
        {
            output.Write(quoted);
            return;
        }

        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        try
        {
            WriteText(reader.GetString()!, output);
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("a string holds a surrogate without its partner", e);
        }
    }

    private static void WriteText(string text, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var clean = rest.IndexOfAny(NeedsEscape);
            if (clean < 0) clean = rest.Length;
            WriteUtf8(rest[..clean], output);
            if (clean == rest.Length) break;
            WriteEscape(rest[clean], output);
            rest = rest[(clean + 1)..];
        }

        output.Write("\""u8);
    }

    private static readonly SearchValues<char> NeedsEscape =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(i => (char)i), '"', '\\']);

    private static void WriteUtf8(ReadOnlySpan<char> text, IBufferWriter<byte> output)
    {
        if (text.IsEmpty) return;
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }

    private static void WriteEscape(char c, IBufferWriter<byte> output)
    {
        var named = c switch
        {
            '"' => "\\\""u8,
            '\\' => "\\\\"u8,
            '\b' => "\\b"u8,
            '\t' => "\\t"u8,
            '\n' => "\\n"u8,
            '\f' => "\\f"u8,
            '\r' => "\\r"u8,
            _ => default,
        };
        if (!named.IsEmpty)
        {
            output.Write(named);
            return;
        }

        var span = output.GetSpan(6);
        "\\u00"u8.CopyTo(span);
        span[4] = (byte)(c < 0x10 ? '0' : '1');
        span[5] = (byte)"0123456789abcdef"[c & 0xF];
        output.Advance(6);
    }
}
