using System.Collections.Concurrent;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>
/// Puts commands to streams, as requests from outside that need no claim. Long streams are kept folded, so that each command costs the
/// same.
/// </summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Is told what has become durable.</param>
public sealed class CommandHandler(Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null)
{
    /// <summary>Streams with fewer events are folded anew each time, which costs less than keeping them.</summary>
    private const int LongStream = 64;

    private readonly ConcurrentDictionary<StreamName, StreamMachine> _long = new();

    /// <summary>The same streams as far as their files are known to be written, from where whoever writes the next goes on.</summary>
    private readonly ConcurrentDictionary<StreamName, StreamMachine> _written = new();

    /// <summary>
    /// Puts a command to a stream. An acceptance is durable when this returns, and its files are written; one that cannot be written is
    /// told to the observer and left to whoever opens the stream next.
    /// </summary>
    /// <param name="lane">The stream's lane.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="command">The command.</param>
    /// <param name="firstOwner">The session that is to work on the stream, if it begins with this; null: whichever worker comes first.</param>
    /// <returns>The lane's answer, and its state after it.</returns>
    public async Task<(Decision Decision, object State)> SubmitAsync(ILane lane, StreamName stream, Command command, string? firstOwner = null)
    {
        for (; ; )
        {
            var machine = await OpenAsync(lane, stream);
            var pending = machine.Prepare(time.GetUtcNow());
            var decision = pending.Decide(command);
            var commit = pending.ToCommit(fence: null, firstOwner: firstOwner);
            if (!pending.IsEmpty && await workspace.Store.CommitKnownAsync(commit, evenStopped: true) is CommitResult.Conflict conflict)
            {
                StreamLoad.AfterConflict(await OpenAsync(lane, stream), conflict);
                continue;
            }

            await FollowUpAsync(pending);
            return (decision, pending.State);
        }
    }

    /// <summary>The state of a stream as it stands.</summary>
    public async ValueTask<object> FindAsync(ILane lane, StreamName stream) => (await OpenAsync(lane, stream)).State;

    /// <summary>What follows when a pending commit has become durable that came to a stream from outside: its files, and whoever watches.</summary>
    internal async Task FollowUpAsync(PendingCommit pending)
    {
        if (pending.IsEmpty) return;
        var machine = pending.Machine;
        var isWritten = true;
        foreach (var stored in pending.Sealed) isWritten &= await MirrorAsync(machine, stored.Bytes);
        if (SnapshotKeeper.IsDueAtRest(machine)) await new SnapshotKeeper(workspace.Store, observer).KeepAsync(machine);
        Remember(machine);
        observer?.Invoke(new EventsCommitted(pending.Stream, pending.Recorded, pending.State));
        if (isWritten && HasNoOwner(machine, pending)) await ConfirmAsync(machine);
    }

    /// <summary>A stream as it was folded before, not beyond a version; null when it is to be folded from its beginning.</summary>
    internal StreamMachine? Remembered(StreamName stream, long atMost = long.MaxValue)
    {
        var kept = new[] { _long, _written }.Select(k => k.GetValueOrDefault(stream));
        return kept.FirstOrDefault(k => k?.Head.Version <= atMost)?.Clone();
    }

    /// <summary>Keeps a long stream folded for the next time.</summary>
    /// <param name="machine">The stream.</param>
    /// <param name="isWritten">Whether its files are written as far.</param>
    internal void Remember(StreamMachine machine, bool isWritten = false)
    {
        if (machine.Head.Version < LongStream) return;
        _long[machine.Stream] = machine.Clone();
        if (isWritten) _written[machine.Stream] = machine.Clone();
    }

    /// <summary>
    /// Writes the files of an event that is durable, from its bytes, as every later reader will see it. An index that changes is left to
    /// the stream's owner, who alone knows that it has the last word.
    /// </summary>
    /// <returns>Whether all of them could be written.</returns>
    private ValueTask<bool> MirrorAsync(StreamMachine machine, byte[] bytes)
    {
        var folded = machine.Apply(bytes);
        return TryAsync(folded.Files.Where(f => !f.OnlyLastCounts), machine.Stream, workspace.Mirror.WriteAsync);
    }

    /// <summary>Writes files as far as that is possible: what they say is durable in the ledger.</summary>
    private async ValueTask<bool> TryAsync(IEnumerable<MirrorFile> files, StreamName stream, FileWrite write)
    {
        var isWritten = true;
        foreach (var file in files)
        {
            if (await FileAttempt.WriteAsync(workspace, stream, file, write) is not { } problem) continue;
            isWritten = false;
            observer?.Invoke(problem);
        }

        return isWritten;
    }

    /// <summary>
    /// Whether no worker will ever look after the files: the stream only takes commands, and nothing was left to an owner.
    /// </summary>
    private static bool HasNoOwner(StreamMachine machine, PendingCommit pending) =>
        pending.Files.Count > 0 && !pending.Files.Any(f => f.OnlyLastCounts)
        && machine.Lane.Next(machine.State, machine.Effects, pending.Now) is Work.Wait { Until: null } or Work.Finished;

    /// <summary>
    /// Says that the files of such a stream are written, and writes those that a crash left out.
    /// </summary>
    private async Task ConfirmAsync(StreamMachine machine)
    {
        if (await workspace.Store.FindAsync(machine.Stream) is not { Owner: null } info) return;
        var again = Remembered(machine.Stream, info.MirroredTo) ?? new StreamMachine(machine.Lane, machine.Stream);
        var missing = info.MirroredTo + 1 < machine.Head.Version ? await workspace.Store.ReadAsync(machine.Stream, again.Head.Version) : [];
        foreach (var stored in missing)
        {
            var folded = again.Apply(stored.Bytes);
            if (folded.Recorded.Version <= info.MirroredTo) continue;
            if (!await TryAsync(folded.Files, machine.Stream, workspace.Mirror.RestoreAsync)) return;
        }

        // When something came in between, whoever brought it confirms.
        var confirmed = new Commit([new StreamAppend(machine.Stream, machine.Head, []) { MirroredTo = machine.Head.Version }]);
        if (await workspace.Store.CommitAsync(confirmed) is CommitResult.Committed) Remember(machine, isWritten: true);
    }

    /// <summary>A stream as it is stored. The machine is the caller's own.</summary>
    internal async ValueTask<StreamMachine> OpenAsync(ILane lane, StreamName stream)
    {
        var machine = await StreamLoad.OfAsync(workspace.Store, lane, stream, Remembered(stream));
        Remember(machine);
        return machine;
    }
}
