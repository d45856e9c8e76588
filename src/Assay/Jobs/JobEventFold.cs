using System.Text;
using Assay.Engine.Streams;
using Assay.Kernel.Lanes;
using Assay.Lanes.Jobs;
using Assay.Ledger;

namespace Assay.Jobs;

/// <summary>Folds a job's stream from its beginning, one event after the other, and says what people see of each.</summary>
/// <param name="store">The ledger, which keeps long lines.</param>
/// <param name="jobId">The job.</param>
internal sealed class JobEventFold(IEventReader store, string jobId)
{
    /// <summary>The job as far as it was folded.</summary>
    public StreamMachine Machine { get; } = new(JobLane.Instance, JobLane.StreamOf(jobId));

    /// <summary>Folds the next event; null when it is none of the job's own, as the effects are.</summary>
    /// <exception cref="FormatException">It is not the next event of this stream.</exception>
    public async ValueTask<JobEventView?> TakeAsync(StoredEvent stored)
    {
        var folded = Machine.Apply(stored.Bytes);
        var recorded = folded.Recorded;
        if (recorded.Body is not JobEvent body) return null;
        var text = Encoding.UTF8.GetString((await BytesAsync(folded.Lines[0])).Span).TrimEnd('\n');
        return new JobEventView(
            recorded.Version, recorded.At, JobLane.Instance.Events.NameOf(body), JobLog.ActorOf(body), JobLog.Describe(body).Message, text)
        {
            Waiting = (body as WaitingApproval)?.Step,
        };
    }

    /// <summary>Folds all events that are there.</summary>
    public async Task<List<JobEventView>> AllAsync()
    {
        var events = new List<JobEventView>();
        foreach (var stored in await store.ReadAsync(Machine.Stream, Machine.Head.Version))
        {
            if (await TakeAsync(stored) is { } told) events.Add(told);
        }

        return events;
    }

    private async ValueTask<ReadOnlyMemory<byte>> BytesAsync(AppendedLine line) => line.Content
        ?? await store.ReadBlobAsync(line.Sha256) ?? throw new LedgerException($"the ledger has lost {line.Sha256}, a line of {line.Path}");
}
