using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Kernel.Values;

/// <summary>
/// An amount of US dollars in whole millionths, which is what JSON and rows hold of it. A sum that no amount can hold stays at the
/// largest: what somebody claims to have spent never wraps around to less, and never stops a fold.
/// </summary>
/// <param name="Micros">Millionths of a dollar.</param>
[JsonConverter(typeof(UsdConverter))]
public readonly record struct Usd(long Micros)
{
    private const decimal MicrosPerDollar = 1_000_000m;

    public decimal Dollars => Micros / MicrosPerDollar;

    /// <summary>What a document allows to spend: the millionths that are whole.</summary>
    /// <exception cref="OverflowException">It is more than an amount can hold.</exception>
    public static Usd Allowed(decimal dollars) => new((long)Math.Floor(dollars * MicrosPerDollar));

    /// <summary>What was spent: a part of a millionth counts as one.</summary>
    /// <exception cref="OverflowException">It is more than an amount can hold.</exception>
    public static Usd Spent(decimal dollars) => new((long)Math.Ceiling(dollars * MicrosPerDollar));

    /// <summary>What is left of a limit; nothing when more was spent.</summary>
    public Usd Less(Usd spent) => this > spent ? this - spent : default;

    /// <summary>Dollars as people read them: cents, and as many digits more as there are.</summary>
    public static string Text(decimal dollars) => string.Create(CultureInfo.InvariantCulture, $"${dollars:0.00####}");

    public override string ToString() => Text(Dollars);

    public static Usd operator +(Usd left, Usd right) => Kept((Int128)left.Micros + right.Micros);

    public static Usd operator -(Usd left, Usd right) => Kept((Int128)left.Micros - right.Micros);

    public static bool operator >(Usd left, Usd right) => left.Micros > right.Micros;

    public static bool operator <(Usd left, Usd right) => left.Micros < right.Micros;

    public static bool operator >=(Usd left, Usd right) => left.Micros >= right.Micros;

    public static bool operator <=(Usd left, Usd right) => left.Micros <= right.Micros;

    private static Usd Kept(Int128 micros) => new((long)Int128.Clamp(micros, long.MinValue, long.MaxValue));
}

/// <summary>Writes an amount as its millionths.</summary>
public sealed class UsdConverter : JsonConverter<Usd>
{
    public override Usd Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, Usd value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Micros);
}
