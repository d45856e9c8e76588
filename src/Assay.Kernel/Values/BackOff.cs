using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Assay.Kernel.Values;

/// <summary>The pauses between attempts at the same thing.</summary>
/// <param name="Growth">How they grow.</param>
/// <param name="BaseMs">The first.</param>
/// <param name="MaxMs">The longest.</param>
/// <param name="Jitter">Whether each is cut by up to half, so that what failed together does not come back together.</param>
public sealed record BackOff([property: JsonPropertyName("backoff")] BackOffGrowth Growth, long BaseMs, long MaxMs, bool Jitter)
{
    private const int MaxDoublings = 30;

    /// <summary>The pause after so many failures in a row.</summary>
    /// <param name="failures">From 1.</param>
    /// <param name="attempt">Names the attempt. What varies comes from this alone, so that a fold stays pure (ruling 8).</param>
    public TimeSpan Pause(int failures, string attempt)
    {
        var grown = Growth switch
        {
            BackOffGrowth.Exponential => BaseMs * Math.Pow(2, Math.Min(failures - 1, MaxDoublings)),
            BackOffGrowth.Linear => BaseMs * (double)failures,
            BackOffGrowth.Constant => BaseMs,
            var other => throw new InvalidOperationException($"unknown growth {other}"),
        };
        var bounded = Math.Min(grown, MaxMs);
        return TimeSpan.FromMilliseconds(Jitter ? bounded * (0.5 + (0.5 * Fraction(attempt))) : bounded);
    }

    /// <summary>From 0 to 1, the same for the same text.</summary>
    private static double Fraction(string text) => BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))) / (double)uint.MaxValue;
}

/// <summary>How pauses grow with each failure.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackOffGrowth>))]
public enum BackOffGrowth
{
    /// <summary>Each is twice the one before.</summary>
    [JsonStringEnumMemberName("exponential")]
    Exponential,

    /// <summary>Each is longer by the first.</summary>
    [JsonStringEnumMemberName("linear")]
    Linear,

    /// <summary>Not at all.</summary>
    [JsonStringEnumMemberName("constant")]
    Constant,
}
