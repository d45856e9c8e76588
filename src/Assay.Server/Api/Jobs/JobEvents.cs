using Assay.Jobs;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Server.Api.Events;

namespace Assay.Server.Api.Jobs;

/// <summary>A job's events as its <c>events.jsonl</c> has them: what a line is, the job's course until then says.</summary>
internal sealed class JobEvents(IEventReader store) : IEventSource
{
    public StreamName? StreamOf(string id) => JobService.StreamOf(id);

    public Refusal Absent(string id) => Inputs.Absent.Job(id);

    public EventReading Read(string id, long seen)
    {
        var fold = new JobEventFold(store, id);
        return new EventReading(0, async stored =>
            await fold.TakeAsync(stored) is { } told ? new FeedEvent(told.Version, told.Type, told.Line) : null);
    }
}
