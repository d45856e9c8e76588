using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Lanes;

namespace Assay.Cli.Output;

/// <summary>The rows of the table <c>epochs</c>.</summary>
internal static class EpochList
{
    public static void Print(IReadOnlyList<LaneRow> rows, bool json)
    {
        if (json)
        {
            var list = new JsonArray([.. rows.Select(Object)]);
            Console.Out.WriteLine(list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            return;
        }

        if (rows.Count == 0)
        {
            Console.Out.WriteLine("No epoch has run in this workspace: assay epoch run PLAN starts one.");
            return;
        }

        var table = new TextTable("EPOCH", "PROFILE", "MODE", "STATE", "VERDICT", "PASSED", "DECLARED");
        foreach (var row in rows)
        {
            var values = row.Values.Select(v => v?.ToString() ?? "").ToArray();
            table.Add(row.Key, values[0], values[1], values[2], values[3], $"{values[6]}/{values[5]}", values[8].Length > 19 ? values[8][..19] : values[8]);
        }

        table.Write(Console.Out);
    }

    private static JsonObject Object(LaneRow row)
    {
        var result = new JsonObject { [row.Table.Key] = row.Key };
        for (var i = 0; i < row.Table.Columns.Count; i++)
        {
            result[row.Table.Columns[i].Name] = row.Values[i] switch
            {
                null => null,
                long number => JsonValue.Create(number),
                var text => JsonValue.Create(text.ToString()),
            };
        }

        return result;
    }
}
