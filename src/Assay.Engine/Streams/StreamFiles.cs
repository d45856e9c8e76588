using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>
/// The files of one stream, which are written when their events are durable. They follow from the ledger, so one that cannot be written
/// holds nothing up: whoever watches is told, and the stream's files count as written only up to there, so that they are tried again when
/// the stream is let go and whenever it is opened.
/// </summary>
internal sealed class StreamFiles(EngineParts engine, ILane lane, StreamName stream)
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private bool _isBehind;

    /// <summary>Up to which version all files are known to be written.</summary>
    public long WrittenTo { get; private set; }

    /// <summary>Begins where the last owner stopped.</summary>
    public void Begin(long writtenTo) => (WrittenTo, _isBehind) = (writtenTo, false);

    /// <summary>Writes the files of events that have just become durable.</summary>
    public async ValueTask WriteAsync(IReadOnlyList<MirrorFile> files, long version)
    {
        foreach (var file in files) await TryAsync(file, engine.Workspace.Mirror.WriteAsync);
        Reached(version);
    }

    /// <summary>Brings back the files of a stored event, unless they are known to be written.</summary>
    public async ValueTask RestoreAsync(FoldedEvent folded)
    {
        if (folded.Recorded.Version <= WrittenTo) return;
        foreach (var file in folded.Files) await TryAsync(file, engine.Workspace.Mirror.RestoreAsync);
    }

    /// <summary>All files up to a version were written or tried.</summary>
    public void Reached(long version)
    {
        if (!_isBehind) WrittenTo = version;
    }

    /// <summary>
    /// Tries again what could not be written. A growing file lacks all that follows its first missing line, so everything is gone through
    /// in order.
    /// </summary>
    public async ValueTask CatchUpAsync(long version)
    {
        if (!_isBehind) return;
        _isBehind = false;
        var machine = new StreamMachine(lane, stream);
        foreach (var stored in await engine.Workspace.Store.ReadAsync(stream, 0))
        {
            var folded = machine.Apply(stored.Bytes);
            if (folded.Recorded.Version <= version) await RestoreAsync(folded);
        }

        Reached(version);
    }

    private async ValueTask TryAsync(MirrorFile file, FileWrite write)
    {
        if (await FileAttempt.WriteAsync(engine.Workspace, stream, file, write) is not { } problem) return;
        _isBehind = true;
        if (_told.Add(problem.Path)) engine.Tell(problem);
    }
}
