using System.Collections.Concurrent;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>Puts commands to streams, as requests from outside that need no claim. Long streams are kept folded, so that each command costs the same.</summary>
public sealed class CommandDesk(Workspace workspace, TimeProvider time)
{
    /// <summary>Streams with fewer events are folded anew each time, which costs less than keeping them.</summary>
    private const int LongStream = 256;

    private readonly ConcurrentDictionary<StreamName, StreamMachine> _long = new();

    /// <summary>Puts a command to a stream. An acceptance is durable when this returns, and its files are written.</summary>
    /// <returns>The lane's answer, and its state after it.</returns>
    public async Task<(Decision Decision, object State)> SubmitAsync(ILane lane, StreamName stream, Command command)
    {
        for (; ; )
        {
            var machine = Open(lane, stream);
            var draft = machine.Draft(time.GetUtcNow());
            var decision = draft.Decide(command);
            if (!draft.IsEmpty && await workspace.Store.CommitAsync(draft.ToCommit(fence: null)) is not CommitResult.Committed) continue;

            foreach (var stored in draft.Sealed) Mirror(machine, stored.Bytes);
            return (decision, machine.State);
        }
    }

    /// <summary>
    /// Writes the files of an event that is durable, from its bytes, as every later reader will see it. An index that changes is left to the stream's
    /// owner, who alone knows that it has the last word.
    /// </summary>
    private void Mirror(StreamMachine machine, byte[] bytes)
    {
        var recorded = machine.Apply(bytes);
        foreach (var file in machine.Lane.Mirror(machine.State, recorded).Where(f => f is not LatestFile)) workspace.Mirror.Write(file, workspace.Store.ReadBlob);
    }

    private StreamMachine Open(ILane lane, StreamName stream)
    {
        var kept = _long.GetValueOrDefault(stream);
        var machine = kept?.Clone() ?? new StreamMachine(lane, stream);
        foreach (var stored in workspace.Store.Read(stream, machine.Head.Version)) machine.Apply(stored.Bytes);
        if (machine.Head.Version >= LongStream) _long[stream] = machine.Clone();
        return machine;
    }
}
