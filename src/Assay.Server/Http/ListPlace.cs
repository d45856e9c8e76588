using System.Collections.Immutable;
using Assay.Inputs;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Http;

/// <summary>How much of a list a request of the API asks for, and from where on.</summary>
/// <param name="Limit">The most rows.</param>
/// <param name="After">The last row of the page before; null: from the beginning.</param>
internal sealed record ListPlace(int Limit, (string At, string Key)? After)
{
    private const int DefaultLimit = 50;

    /// <summary>The place that the parameters <c>limit</c> and <c>cursor</c> name, or the answer that refuses them.</summary>
    public static (ListPlace? Place, IResult? Refused) Of(string? limit, string? cursor)
    {
        if ((limit is null ? DefaultLimit : PageLimit.Of(limit)) is not { } wanted)
        {
            return (null, Problems.Result(HttpRefusal.Limit, PageLimit.Wrong));
        }

        var after = cursor is null ? null : Cursor.Decode(cursor);
        return cursor is not null && after is null
            ? (null, Problems.Result(HttpRefusal.Cursor, Cursor.NoPlace))
            : (new ListPlace(wanted, after), null);
    }

    /// <summary>A page, and where the next one begins, of rows of which one more was read than it takes.</summary>
    /// <param name="found">The rows.</param>
    /// <param name="place">Where a row stands.</param>
    public (ImmutableArray<T> Items, string? Next) Page<T>(IReadOnlyList<T> found, Func<T, (string At, string Key)> place)
    {
        if (found.Count <= Limit) return ([.. found], null);
        var (at, key) = place(found[Limit - 1]);
        return ([.. found.Take(Limit)], Cursor.Encode(at, key));
    }
}
