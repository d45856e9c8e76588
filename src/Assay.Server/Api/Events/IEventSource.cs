using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Server.Api.Events;

/// <summary>How the events of one kind of streams become what is sent.</summary>
internal interface IEventSource
{
    /// <summary>The stream of something of that kind; null when the text is no id.</summary>
    StreamName? StreamOf(string id);

    /// <summary>What is said of an id that names nothing of that kind.</summary>
    Refusal Absent(string id);

    /// <summary>Begins to read a stream.</summary>
    /// <param name="id">Of what.</param>
    /// <param name="seen">What is wanted lies behind this version.</param>
    EventReading Read(string id, long seen);
}

/// <summary>A stream that is read event after event.</summary>
/// <param name="from">The version behind which it has to be read: 0 where an event can only be told by all that came before it.</param>
/// <param name="take">Takes the next event; null for one that is not sent.</param>
internal sealed class EventReading(long from, Func<StoredEvent, ValueTask<FeedEvent?>> take)
{
    private const int PageSize = 500;

    /// <summary>How far it was read.</summary>
    public long Version { get; private set; } = from;

    /// <summary>How many events it has folded.</summary>
    public long Folded { get; private set; }

    /// <summary>Reads some more of it.</summary>
    /// <returns>What is sent of it, which may be nothing; <see cref="Version"/> says whether there was more.</returns>
    public async ValueTask<IReadOnlyList<FeedEvent>> NextAsync(IEventReader store, StreamName stream)
    {
        var events = new List<FeedEvent>();
        foreach (var stored in await store.ReadAsync(stream, Version, PageSize))
        {
            if (await take(stored) is { } told) events.Add(told);
            Version = stored.Version;
            Folded++;
        }

        return events;
    }
}
