using System.Text.Json.Nodes;
using Assay.Kernel.Lanes;

namespace Assay.Cli.Output;

/// <summary>Rows of a lane table, as a table on a terminal or as one JSON array.</summary>
internal static class RowPrinter
{
    private const int MaxCell = 60;

    public static void Print(IReadOnlyList<LaneRow> rows, bool json, string none, params string[] columns)
    {
        if (json)
        {
            Console.Out.WriteLine(new JsonArray([.. rows.Select(Node)]).ToJsonString());
            return;
        }

        if (rows.Count == 0)
        {
            Console.Out.WriteLine(none);
            return;
        }

        var table = new TextTable([.. columns.Select(c => c.Replace('_', ' ').ToUpperInvariant())]);
        foreach (var row in rows) table.Add([.. columns.Select(c => Cell(row[c]))]);
        table.Write(Console.Out);
    }

    private static JsonObject Node(LaneRow row)
    {
        var node = new JsonObject { [row.Table.Key] = row.Key };
        for (var i = 0; i < row.Table.Columns.Count; i++) node[row.Table.Columns[i].Name] = row.Values[i] is long number ? number : (string?)row.Values[i];
        return node;
    }

    private static string Cell(object? value)
    {
        var text = Words.Safe(value?.ToString() ?? "");
        return text.Length <= MaxCell ? text : $"{text[..(MaxCell - 1)]}…";
    }
}
