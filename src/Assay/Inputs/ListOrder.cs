namespace Assay.Inputs;

/// <summary>The order of a list, as addresses and command lines name it: a column, with a minus before it the other way round.</summary>
/// <param name="Column">The column.</param>
/// <param name="IsDescending">Whether the greatest comes first.</param>
internal sealed record ListOrder(string Column, bool IsDescending)
{
    /// <summary>The order that a text names; null when it names none of the columns.</summary>
    public static ListOrder? Of(string text, IEnumerable<string> columns)
    {
        var column = text.StartsWith('-') ? text[1..] : text;
        return columns.Contains(column, StringComparer.Ordinal) ? new ListOrder(column, text.StartsWith('-')) : null;
    }

    /// <summary>All texts that name an order by one of these columns.</summary>
    public static IReadOnlyList<string> Words(IEnumerable<string> columns) => [.. columns.SelectMany(c => (string[])[c, $"-{c}"])];
}
