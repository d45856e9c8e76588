using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;

namespace Assay.Cli.Output;

/// <summary>
/// A page of a list. Whatever is listed, it is the same document (<c>items</c>, and in <c>next_cursor</c> how to go on), the same table,
/// and the same sentence when there is nothing.
/// </summary>
/// <param name="what">What is listed, in the plural.</param>
/// <param name="begin">How to get the first of them.</param>
/// <param name="headings">The columns of the table.</param>
internal sealed class Listing(string what, string begin, params string[] headings)
{
    private const int MaxCell = 60;

    private static readonly JsonSerializerOptions Written = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly TextTable _table = new(headings);
    private readonly JsonArray _items = [];

    /// <summary>Adds a thing, as programs and as people read it.</summary>
    public void Add(JsonNode item, params string?[] cells)
    {
        _items.Add(item);
        _table.Add([.. cells.Select(c => Cell(c ?? ""))]);
    }

    /// <summary>Adds a row of a lane's table: all of it for programs, some of it for people.</summary>
    public void Add(LaneRow row, params string?[] cells) => Add(Node(row), cells);

    /// <summary>Prints it.</summary>
    /// <param name="next">The cursor of the next page; null: this is the last.</param>
    /// <param name="json">Whether a program reads it.</param>
    /// <param name="output">Where it is written.</param>
    public void Print(string? next, bool json, TextWriter? output = null)
    {
        output ??= Console.Out;
        if (json) output.WriteLine(new JsonObject { ["items"] = _items, ["next_cursor"] = next }.ToJsonString(Written));
        else if (_items.Count == 0) output.WriteLine($"No {what}: {begin}.");
        else _table.Write(output);
        if (!json && next is not null) output.WriteLine($"There are more {what}: --cursor {next}");
    }

    private static JsonObject Node(LaneRow row)
    {
        var node = new JsonObject { [row.Table.Key] = row.Key };
        for (var i = 0; i < row.Table.Columns.Count; i++)
        {
            node[row.Table.Columns[i].Name] = row.Values[i] is long number ? number : (string?)row.Values[i];
        }

        return node;
    }

    private static string Cell(string value)
    {
        var text = Words.Safe(value);
        return text.Length <= MaxCell ? text : $"{text[..(MaxCell - 1)]}…";
    }
}

/// <summary>The options of every command that lists: how many, and where to go on.</summary>
internal sealed class ListOptions
{
    private readonly Option<string> _limit = new("--limit")
    {
        Description = "The most to list",
        HelpName = "N",
        DefaultValueFactory = _ => "100",
    };

    private readonly Option<string?> _cursor = new("--cursor")
    {
        Description = "Where to go on, as the page before says it",
        HelpName = "CURSOR",
    };

    public void AddTo(Command command)
    {
        command.Add(_limit);
        command.Add(_cursor);
    }

    /// <summary>The option of a list that has several orders; null when it is not given.</summary>
    /// <param name="columns">What can order it.</param>
    public static Option<ListOrder?> Sort(IReadOnlyList<string> columns) => new("--sort")
    {
        Description = "What orders the list; with a minus before it the latest first",
        HelpName = string.Join('|', ListOrder.Words(columns)),
        CustomParser = result =>
        {
            var given = result.Tokens[0].Value;
            if (ListOrder.Of(given, columns) is { } order) return order;
            result.AddError($"--sort {given}: it is one of {string.Join(", ", ListOrder.Words(columns))}");
            return null;
        },
    };

    /// <summary>A page of a list that is ordered by a time.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="read">Reads so many rows behind a place.</param>
    /// <param name="place">Where a row stands.</param>
    /// <returns>The page, or why the cursor names no place.</returns>
    public async Task<(IReadOnlyList<T> Page, string? Next, InputProblem? Problem)> PageAsync<T>(
        ParseResult parsed, Func<(string At, string Key)?, int, Task<IReadOnlyList<T>>> read, Func<T, (string At, string Key)> place)
    {
        if (PageLimit.Of(parsed.GetValue(_limit)!) is not { } limit) return ([], null, NoLimit);
        (string, string)? after = null;
        if (parsed.GetValue(_cursor) is { } cursor && (after = Cursor.Decode(cursor)) is null) return ([], null, NoPlace);
        var found = await read(after, limit + 1);
        if (found.Count <= limit) return (found, null, null);
        var (at, key) = place(found[limit - 1]);
        return ([.. found.Take(limit)], Cursor.Encode(at, key), null);
    }

    /// <summary>A page of a list that has its own order.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="all">All of it.</param>
    /// <param name="key">What a row is called, which is its cursor.</param>
    public (IReadOnlyList<T> Page, string? Next, InputProblem? Problem) Page<T>(
        ParseResult parsed, IReadOnlyList<T> all, Func<T, string> key)
    {
        if (PageLimit.Of(parsed.GetValue(_limit)!) is not { } limit) return ([], null, NoLimit);
        var from = 0;
        if (parsed.GetValue(_cursor) is { } cursor)
        {
            while (from < all.Count && key(all[from]) != cursor) from++;
            if (from++ == all.Count) return ([], null, NoPlace);
        }

        IReadOnlyList<T> page = [.. all.Skip(from).Take(limit)];
        return (page, from + limit < all.Count ? key(page[^1]) : null, null);
    }

    private static InputProblem NoLimit => new("--limit", "", PageLimit.Rule, PageLimit.Wrong);

    private static InputProblem NoPlace => new("--cursor", "", Cursor.Rule, Cursor.NoPlace);
}
