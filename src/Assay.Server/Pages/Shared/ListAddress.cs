using Assay.Inputs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Assay.Server.Pages.Shared;

/// <summary>
/// What the address of a page says of its list: <c>state</c> filters, <c>sort</c> names the column that orders (with a minus before it: the
/// other way round), <c>cursor</c> is where the page begins. A second list of a page has a word before these names.
/// </summary>
/// <param name="Path">The page's path.</param>
/// <param name="Prefix">The word before the names; empty for the first list.</param>
public sealed record ListAddress(string Path, string Prefix = "")
{
    /// <summary>Only rows in this state; null: all.</summary>
    public string? State { get; init; }

    /// <summary>The column that orders; null: as the list has it by itself.</summary>
    public string? Sort { get; init; }

    public bool IsDescending { get; init; }

    public string? Cursor { get; init; }

    /// <summary>Reads a request's address.</summary>
    public static ListAddress Of(HttpRequest request, string path, string prefix = "")
    {
        string? Value(string name) => request.Query[prefix + name].ToString() is { Length: > 0 } text ? text : null;
        var sort = Value("sort");
        return new ListAddress(path, prefix)
        {
            State = Value("state"),
            Sort = sort?.TrimStart('-'),
            IsDescending = sort?.StartsWith('-') == true,
            Cursor = Value("cursor"),
        };
    }

    /// <summary>Whether a request asks for no limit that no list has. A page has its own size.</summary>
    public static bool HasLimit(HttpRequest request) =>
        !request.Query.TryGetValue(PageLimit.Rule, out var limit) || PageLimit.Of(limit.ToString()) is not null;

    /// <summary>The same list from its beginning with another filter.</summary>
    public ListAddress Filtered(string? state) => this with { State = state, Cursor = null };

    /// <summary>The same list from its beginning ordered by a column; the other way round when that orders it already.</summary>
    public ListAddress SortedBy(string column) =>
        this with { Sort = column, IsDescending = Sort == column && !IsDescending, Cursor = null };

    /// <summary>Another page of the same list.</summary>
    public ListAddress From(string cursor) => this with { Cursor = cursor };

    /// <summary>Path and query.</summary>
    public override string ToString()
    {
        var query = new QueryBuilder();
        if (State is not null) query.Add($"{Prefix}state", State);
        if (Sort is not null) query.Add($"{Prefix}sort", IsDescending ? $"-{Sort}" : Sort);
        if (Cursor is not null) query.Add($"{Prefix}cursor", Cursor);
        return Path + query.ToQueryString();
    }
}
