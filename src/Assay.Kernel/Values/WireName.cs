using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;

namespace Assay.Kernel.Values;

/// <summary>
/// The one way from an enum to its word and back: the name that <see cref="JsonStringEnumMemberNameAttribute"/> gives each member, which is what documents,
/// rows and people read of it.
/// </summary>
/// <typeparam name="TEnum">An enum whose every member declares its word.</typeparam>
public static class WireName<TEnum>
    where TEnum : struct, Enum
{
    private static readonly FrozenDictionary<TEnum, string> Words = Enum.GetValues<TEnum>().ToFrozenDictionary(v => v, Declared);
    private static readonly FrozenDictionary<string, TEnum> Values = Words.ToFrozenDictionary(w => w.Value, w => w.Key, StringComparer.Ordinal);

    /// <summary>All words, in the order of the members.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<TEnum>().Select(Of)];

    /// <summary>The word of a value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The enum declares no such value.</exception>
    public static string Of(TEnum value) =>
        Words.TryGetValue(value, out var word) ? word : throw new ArgumentOutOfRangeException(nameof(value), value, $"there is no such {typeof(TEnum).Name}");

    /// <summary>The value of a word, in the very letters that <see cref="Of"/> gives.</summary>
    /// <exception cref="FormatException">No value has this word.</exception>
    public static TEnum Parse(string word) =>
        Values.TryGetValue(word, out var value) ? value : throw new FormatException($"\"{word}\" is no {typeof(TEnum).Name}");

    private static string Declared(TEnum value) =>
        typeof(TEnum).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name
        ?? throw new InvalidOperationException($"{typeof(TEnum).Name}.{value} declares no word");
}
