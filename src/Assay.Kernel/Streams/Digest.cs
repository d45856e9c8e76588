using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Kernel.Streams;

/// <summary>A SHA-256 digest. As text: 64 lower-case hex digits.</summary>
[JsonConverter(typeof(DigestConverter))]
[InlineArray(SizeBytes)]
[SuppressMessage("Usage", "MA0065:Default ValueType.Equals is used", Justification = "Equals is defined below.")]
public struct Digest : IEquatable<Digest>
{
    public const int SizeBytes = 32;

    private byte _first;

    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Digest digest = default;
        SHA256.HashData(bytes, digest.Bytes);
        return digest;
    }

    public static Digest Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static Digest From(ReadOnlySpan<byte> bytes)
    {
        Digest digest = default;
        bytes[..SizeBytes].CopyTo(digest.Bytes);
        return digest;
    }

    /// <exception cref="FormatException">The text is not 64 hex digits.</exception>
    public static Digest Parse(string hex) =>
        hex.Length == SizeBytes * 2 ? From(Convert.FromHexString(hex)) : throw new FormatException("a SHA-256 digest has 64 hex digits");

    public byte[] ToArray() => Bytes.ToArray();

    /// <summary>Writes the 64 hex digits as UTF-8.</summary>
    /// <param name="text">Room for at least as many bytes.</param>
    public void WriteHex(Span<byte> text) => Convert.TryToHexStringLower(Bytes, text, out _);

    /// <summary>The first <paramref name="digits"/> hex digits: a name for people and paths, never proof (see ruling on short ids in ADR 4).</summary>
    public string Short(int digits) => ToString()[..digits];

    public override string ToString() => Convert.ToHexStringLower(Bytes);

    public bool Equals(Digest other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    public override int GetHashCode() => MemoryMarshal.Read<int>(Bytes);

    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    [UnscopedRef]
    private Span<byte> Bytes => MemoryMarshal.CreateSpan(ref _first, SizeBytes);
}

/// <summary>Writes a digest as its hex digits.</summary>
public sealed class DigestConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Digest.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
