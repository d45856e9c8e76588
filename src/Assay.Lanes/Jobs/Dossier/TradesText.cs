using System.Collections.Immutable;
using System.Text;

namespace Assay.Lanes.Jobs;

/// <summary>Reads <c>trades.csv</c>: a heading, then a trade a line, as RFC 4180 has it; whatever a program names its columns.</summary>
internal static class TradesText
{
    private const int MaxColumns = 64;

    /// <summary>The trades, of which the first are whole and the others counted.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="most">How many are given whole.</param>
    public static TradesAnswer Parse(ReadOnlySpan<byte> bytes, int most)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        ImmutableArray<string>? columns = null;
        var total = 0;
        for (var at = 0; at < text.Length;)
        {
            var cells = Line(text, ref at);
            if (cells is [""]) continue;
            if (columns is null) columns = cells;
            else if (total++ < most) rows.Add(cells);
        }

        return new TradesAnswer(columns ?? [], rows.ToImmutable(), total);
    }

    /// <summary>The cells of the line that begins at a place, which is then behind its break.</summary>
    private static ImmutableArray<string> Line(string text, ref int at)
    {
        var cells = ImmutableArray.CreateBuilder<string>();
        var cell = new StringBuilder();
        var isQuoted = false;
        while (at < text.Length && (isQuoted || text[at] != '\n'))
        {
            var c = text[at++];
            if (c == '"' && isQuoted && at < text.Length && text[at] == '"') cell.Append(text[at++]);
            else if (c == '"') isQuoted = !isQuoted;
            else if (c == ',' && !isQuoted && cells.Count < MaxColumns - 1) Take(cells, cell);
            else cell.Append(c);
        }

        at++;
        Take(cells, cell);
        return cells.ToImmutable();
    }

    private static void Take(ImmutableArray<string>.Builder cells, StringBuilder cell)
    {
        cells.Add(cell.ToString().TrimEnd('\r'));
        cell.Clear();
    }
}
