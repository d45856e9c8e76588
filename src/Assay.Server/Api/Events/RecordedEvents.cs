using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Host;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Ledger;

namespace Assay.Server.Api.Events;

/// <summary>
/// Events of a lane that writes no lines: each with its name, its time, its version and its recorded data, but for what may quote something
/// that a caged run has written. The effects are not told, as they are not of jobs.
/// </summary>
/// <param name="record">What the lane records.</param>
/// <param name="absent">What is said of an id that names nothing.</param>
/// <param name="withheld">Fields of the data that are left out, with a slash before an inner one, by the event's name.</param>
internal sealed class RecordedEvents(
    LaneRecord record, Func<string, Refusal> absent, IReadOnlyDictionary<string, string[]> withheld) : IEventSource
{
    public StreamName? StreamOf(string id) => StreamName.IsId(id) ? StreamName.Of(record.Lane.Name, id) : null;

    public Refusal Absent(string id) => absent(id);

    public EventReading Read(string id, long seen) => new(seen, stored => ValueTask.FromResult(Tell(stored)));

    private FeedEvent? Tell(StoredEvent stored)
    {
        if (!record.IsOwn(EventEnvelope.Open(stored.Bytes, record.Lane.Events).Body)) return null;
        var fields = EventEnvelope.Fields(stored.Bytes);
        var data = JsonObject.Create(fields.Data)!;
        foreach (var path in withheld.GetValueOrDefault(fields.Type, [])) Remove(data, path);
        var told = new JsonObject
        {
            ["data"] = data,
            ["event"] = fields.Type,
            ["t"] = RecordedTime.Text(fields.At),
            ["version"] = fields.Version,
        };
        using var document = JsonDocument.Parse(told.ToJsonString());
        return new FeedEvent(fields.Version, fields.Type, Encoding.UTF8.GetString(CanonicalJson.Serialize(document.RootElement)));
    }

    private static void Remove(JsonObject data, string path)
    {
        var names = path.Split('/');
        foreach (var outer in names[..^1])
        {
            if (data[outer] is not JsonObject inner) return;
            data = inner;
        }

        data.Remove(names[^1]);
    }
}
