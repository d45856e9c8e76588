using System.Text.RegularExpressions;

namespace Assay.Inputs;

/// <summary>Names in the order in which a person counts: <c>TRY_RUN2</c> before <c>TRY_RUN10</c>.</summary>
internal static partial class NaturalOrder
{
    /// <summary>No number in an id has more digits.</summary>
    private const int MostDigits = 64;

    /// <summary>What sorts ordinally as the name does naturally.</summary>
    public static string Key(string name) => Digits().Replace(name, n => n.Value.PadLeft(MostDigits, '0'));

    [GeneratedRegex("[0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Digits();
}
