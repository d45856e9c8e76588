using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>
/// Which answers that are no success cost nothing. A request that was refused as it came in was never worked on, and a provider's own error
/// of the kinds that it does not charge for says so in its own words. What anybody else says (a proxy that gave up waiting, above all) says
/// nothing of what the model did by then.
/// </summary>
internal sealed class FailureBill(Dialect dialect)
{
    /// <summary>Errors of the provider's own in a row after which they are booked: whoever says nothing else may be no provider.</summary>
    public const int MostInARow = 5;

    private int _inARow;

    public bool IsFree(int status, JsonNode? answer)
    {
        if (status is 400 or 401 or 403 or 404 or 405 or 413 or 415 or 422 or 429) return true;
        return answer is JsonObject error && dialect.IsUnbilled(status, error) && Interlocked.Increment(ref _inARow) <= MostInARow;
    }

    /// <summary>An answer has told what it cost.</summary>
    public void Answered() => Volatile.Write(ref _inARow, 0);
}
