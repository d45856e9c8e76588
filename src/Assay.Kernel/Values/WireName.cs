using System.Reflection;
using System.Text.Json.Serialization;

namespace Assay.Kernel.Values;

/// <summary>
/// The one way from an enum to its word and back: the name that <see cref="JsonStringEnumMemberNameAttribute"/> gives each member, which is
/// what documents, rows and people read of it.
/// </summary>
/// <typeparam name="TEnum">An enum whose every member declares its word.</typeparam>
public static class WireName<TEnum>
    where TEnum : struct, Enum
{
    private static readonly TEnum[] Values = Enum.GetValues<TEnum>();

    // Arrays, since each enum compiles anew what it needs of generic code when it is first used: dictionaries took 30 ms of every start.
    private static readonly string[] Words = EnumWords.Of(typeof(TEnum));

    /// <summary>All words, in the order of the members.</summary>
    public static IReadOnlyList<string> All => Words;

    /// <summary>The word of a value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The enum declares no such value.</exception>
    public static string Of(TEnum value)
    {
        var place = Array.IndexOf(Values, value);
        return place >= 0
            ? Words[place]
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"there is no such {typeof(TEnum).Name}");
    }

    /// <summary>The value of a word, in the very letters that <see cref="Of"/> gives.</summary>
    /// <exception cref="FormatException">No value has this word.</exception>
    public static TEnum Parse(string word)
    {
        var place = Array.IndexOf(Words, word);
        return place >= 0 ? Values[place] : throw new FormatException($"\"{word}\" is no {typeof(TEnum).Name}");
    }
}

/// <summary>Reads the words that an enum declares.</summary>
internal static class EnumWords
{
    /// <summary>In the order of the values.</summary>
    /// <exception cref="InvalidOperationException">A member declares none.</exception>
    public static string[] Of(Type type) =>
    [
        .. Enum.GetNames(type).Select(name => type.GetField(name)!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name
            ?? throw new InvalidOperationException($"{type.Name}.{name} declares no word")),
    ];
}
