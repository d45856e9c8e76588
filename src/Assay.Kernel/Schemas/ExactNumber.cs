using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Assay.Kernel.Schemas;

/// <summary>A JSON number as it was written, mantissa times a power of ten, so that 0.3 is a multiple of 0.1 and 1.0 equals 1.</summary>
internal readonly struct ExactNumber : IComparable<ExactNumber>, IEquatable<ExactNumber>
{
    /// <summary>Beyond this a power of ten would cost more memory than any honest document needs.</summary>
    private const int MaxExponent = 4096;

    private readonly BigInteger _mantissa;
    private readonly int _exponent;

    private ExactNumber(BigInteger mantissa, int exponent)
    {
        // Without trailing zeros equal numbers have equal parts.
        while (exponent < 0 && !mantissa.IsZero)
        {
            var quotient = BigInteger.DivRem(mantissa, 10, out var remainder);
            if (!remainder.IsZero) break;
            mantissa = quotient;
            exponent++;
        }

        _mantissa = exponent > 0 ? mantissa * BigInteger.Pow(10, exponent) : mantissa;
        _exponent = exponent > 0 || mantissa.IsZero ? 0 : exponent;
    }

    public static ExactNumber Of(JsonElement value)
    {
        if (value.TryGetInt64(out var whole)) return new ExactNumber(whole, 0);
        var text = value.GetRawText().AsSpan();
        var mark = text.IndexOfAny('e', 'E');
        var exponent = 0;
        if (mark >= 0)
        {
            if (!int.TryParse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
                || Math.Abs((long)exponent) > MaxExponent)
            {
                exponent = text[mark + 1] == '-' ? -MaxExponent : MaxExponent;
            }

            text = text[..mark];
        }

        var point = text.IndexOf('.');
        if (point < 0) return new ExactNumber(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), exponent);
        var digits = string.Concat(text[..point], text[(point + 1)..]);
        return new ExactNumber(
            BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), exponent - (text.Length - point - 1));
    }

    public bool IsInteger => _exponent == 0;

    public bool IsPositive => _mantissa.Sign > 0;

    public bool IsMultipleOf(ExactNumber divisor)
    {
        var (a, b) = Align(this, divisor);
        return (a % b).IsZero;
    }

    public int CompareTo(ExactNumber other)
    {
        var (a, b) = Align(this, other);
        return a.CompareTo(b);
    }

    public bool Equals(ExactNumber other) => _exponent == other._exponent && _mantissa == other._mantissa;

    public override bool Equals(object? obj) => obj is ExactNumber other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_mantissa, _exponent);

    private static (BigInteger, BigInteger) Align(ExactNumber a, ExactNumber b)
    {
        var exponent = Math.Min(a._exponent, b._exponent);
        return (a._mantissa * BigInteger.Pow(10, a._exponent - exponent), b._mantissa * BigInteger.Pow(10, b._exponent - exponent));
    }
}
