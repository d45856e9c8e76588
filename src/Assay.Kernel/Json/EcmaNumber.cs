using System.Globalization;

namespace Assay.Kernel.Json;

/// <summary>Writes a double as ECMAScript's Number::toString does, which RFC 8785 section 3.2.2.3 asks for.</summary>
public static class EcmaNumber
{
    /// <summary>The most bytes that <see cref="Format"/> writes.</summary>
    public const int MaxBytes = 32;

    /// <summary>Writes <paramref name="value"/> as ASCII and returns the number of bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">NaN and the infinities have no JSON form.</exception>
    public static int Format(double value, Span<byte> destination)
    {
        if (!double.IsFinite(value)) throw new ArgumentOutOfRangeException(nameof(value), "NaN and infinity have no JSON form");
        if (value == 0)
        {
            destination[0] = (byte)'0';
            return 1;
        }

        // The framework gives the shortest digits that read back as the same double; only their layout differs. At some powers of two it
        // gives one digit too few, which reads back as the neighbour; seventeen always suffice.
        Span<byte> shortest = stackalloc byte[MaxBytes];
        value.TryFormat(shortest, out var length, "R", CultureInfo.InvariantCulture);
        if (IsPowerOfTwo(value) && !double.Parse(shortest[..length], CultureInfo.InvariantCulture).Equals(value))
        {
            value.TryFormat(shortest, out length, "E16", CultureInfo.InvariantCulture);
        }

        Span<byte> digits = stackalloc byte[MaxBytes];
        var (count, pointPosition, negative) = Decompose(shortest[..length], digits);

        var writer = new Cursor(destination);
        if (negative) writer.Put('-');
        WriteLayout(ref writer, digits[..count], pointPosition);
        return writer.Length;
    }

    private static bool IsPowerOfTwo(double value) => (BitConverter.DoubleToUInt64Bits(value) & 0x000F_FFFF_FFFF_FFFF) == 0;

    /// <summary>Splits <c>-d.ddE±x</c> or <c>ddd.ddd</c> into its significant digits and the position of the point before or behind them.</summary>
    private static (int Count, int PointPosition, bool Negative) Decompose(ReadOnlySpan<byte> text, Span<byte> digits)
    {
        var negative = text[0] == '-';
        if (negative) text = text[1..];
        var exponent = 0;
        var mark = text.IndexOf((byte)'E');
        if (mark >= 0)
        {
            exponent = int.Parse(text[(mark + 1)..], CultureInfo.InvariantCulture);
            text = text[..mark];
        }

        var point = text.IndexOf((byte)'.');
        var position = (point < 0 ? text.Length : point) + exponent;
        var count = 0;
        foreach (var b in text)
        {
            if (b == '.') continue;
            if (count == 0 && b == '0')
            {
                position--;
                continue;
            }

            digits[count++] = b;
        }

        while (digits[count - 1] == '0') count--;
        return (count, position, negative);
    }

    private static void WriteLayout(ref Cursor writer, scoped ReadOnlySpan<byte> digits, int point)
    {
        var count = digits.Length;
        if (count <= point && point <= 21)
        {
            writer.Put(digits);
            writer.Zeros(point - count);
        }
        else if (0 < point && point <= 21)
        {
            writer.Put(digits[..point]);
            writer.Put('.');
            writer.Put(digits[point..]);
        }
        else if (-6 < point && point <= 0)
        {
            writer.Put("0."u8);
            writer.Zeros(-point);
            writer.Put(digits);
        }
        else
        {
            writer.Put(digits[..1]);
            if (count > 1)
            {
                writer.Put('.');
                writer.Put(digits[1..]);
            }

            writer.Put('e');
            writer.Put(point > 0 ? '+' : '-');
            writer.Number(Math.Abs(point - 1));
        }
    }

    private ref struct Cursor(Span<byte> destination)
    {
        private readonly Span<byte> _destination = destination;

        public int Length { get; private set; }

        public void Put(char c) => _destination[Length++] = (byte)c;

        public void Put(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_destination[Length..]);
            Length += bytes.Length;
        }

        public void Zeros(int count)
        {
            _destination.Slice(Length, count).Fill((byte)'0');
            Length += count;
        }

        public void Number(int value)
        {
            value.TryFormat(_destination[Length..], out var written, default, CultureInfo.InvariantCulture);
            Length += written;
        }
    }
}
