using System.Text.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger;

namespace Assay.Jobs;

/// <summary>Reads the registry: the trials of a workspace, and the cards of those that passed.</summary>
public sealed class RegistryReader(IEventReader store)
{
    private const string Recorded = "recorded_at";

    /// <summary>A page of trials, in the order in which they were recorded.</summary>
    /// <param name="verdict">PASS or FAIL: only those; null: all.</param>
    /// <param name="after">The last trial of the page before; null: from the beginning.</param>
    /// <param name="limit">The most trials.</param>
    /// <param name="oldestFirst">Whether the oldest come first and not the latest.</param>
    public async Task<IReadOnlyList<TrialSummary>> ListAsync(
        string? verdict, (string RecordedAt, string Trial)? after, int limit, bool oldestFirst = false)
    {
        var query = new RowQuery(RegistryTables.Trials, Recorded, limit)
        {
            Descending = !oldestFirst,
            After = after,
            Where = verdict is null ? [] : [("verdict", verdict)],
        };
        return [.. (await store.RowsAsync(query)).Select(TrialSummary.Of)];
    }

    /// <summary>How many trials have each verdict.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountsAsync() => await store.CountRowsAsync(RegistryTables.Trials, "verdict");

    /// <summary>A trial with its card; null when there is none.</summary>
    /// <param name="id">The trial's number, or the id of a card: then the latest trial that has it.</param>
    /// <exception cref="LedgerException">The ledger has lost the card.</exception>
    public async Task<TrialView?> FindAsync(string id)
    {
        var row = JobIdentity.IsShortId(id) ? await WithCardAsync(id) : await store.RowAsync(RegistryTables.Trials, id);
        return row is null ? null : new TrialView(TrialSummary.Of(row), await CardAsync(row));
    }

    private async Task<LaneRow?> WithCardAsync(string cardId)
    {
        var query = new RowQuery(RegistryTables.Trials, Recorded, 1) { Descending = true, Where = [("card_id", cardId)] };
        return await store.RowsAsync(query) is [var latest, ..] ? latest : null;
    }

    private async Task<JsonElement?> CardAsync(LaneRow row)
    {
        if (row.Text("card_sha256") is not { } sha256) return null;
        var bytes = await store.ReadBlobAsync(Digest.Parse(sha256)) ?? throw new LedgerException($"the ledger has lost {sha256}, a card");
        using var card = JsonDocument.Parse(bytes);
        return card.RootElement.Clone();
    }
}
