using System.Runtime.CompilerServices;
using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Host;

/// <summary>The events of a workspace, or of one of its streams, in the order of their commits.</summary>
/// <param name="store">The ledger.</param>
/// <param name="only">The stream; null: all.</param>
/// <param name="after">Only what lies behind this position.</param>
internal sealed class EventLog(IEventStore store, StreamName? only, long after)
{
    /// <summary>The stream that a text names: its name, or an id that one stream has.</summary>
    /// <returns>The stream, or why the text names none.</returns>
    public static async Task<(StreamName Found, Refusal? Refusal)> FindAsync(IEventReader store, LaneSet lanes, string text)
    {
        if (StreamName.TryParse(text, out var name))
        {
            return await store.FindAsync(name) is null ? (default, Absent.Stream(text)) : (name, null);
        }

        if (!StreamName.IsId(text)) return (default, Absent.Stream(text));
        var named = new List<StreamName>();
        foreach (var stream in lanes.Select(l => StreamName.Of(l.Name, text)))
        {
            if (await store.FindAsync(stream) is not null) named.Add(stream);
        }

        return named switch
        {
            [] => (default, Absent.Stream(text)),
            [var one] => (one, null),
            _ => (default, new Refusal(
                RequestRefusals.AmbiguousId, $"{text} is the id of several streams: name one of {string.Join(", ", named)}")),
        };
    }

    /// <summary>Reads it, and goes on with what is committed later, by this process or another one, if that is wanted.</summary>
    /// <param name="page">How many events are held at once.</param>
    /// <param name="follow">Whether to wait for more when all has been read.</param>
    /// <param name="cancel">Ends it, which is no failure.</param>
    public async IAsyncEnumerable<StoredEvent> ReadAsync(int page, bool follow, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var committed = new SemaphoreSlim(0);

        // Listened to before it is read, so that nothing falls between.
        using var listening = follow ? store.Listen(() => committed.Release()) : null;
        var (position, version) = (after, 0L);
        while (!cancel.IsCancellationRequested)
        {
            var read = only is { } stream ? await store.ReadAsync(stream, version, page) : await store.ReadAllAsync(position, page);
            foreach (var stored in read)
            {
                version = stored.Version;
                if (stored.Position <= position) continue;
                position = stored.Position;
                yield return stored;
            }

            if (read.Count == page) continue;
            if (!follow) yield break;
            try
            {
                await committed.WaitAsync(cancel);
                while (committed.CurrentCount > 0) await committed.WaitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                yield break;
            }
        }
    }
}
