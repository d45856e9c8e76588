using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Host;

/// <summary>
/// What workers, tables, verify and the command line read of a lane: a new one is two folders and a line in <c>KnownLanes</c>.
/// </summary>
/// <param name="Name">Its name for people, as <c>--lanes</c> takes it.</param>
/// <param name="Lanes">Its kinds of streams.</param>
internal sealed record LaneModule(string Name, params IReadOnlyList<ILane> Lanes)
{
    /// <summary>How a worker brings on those of its streams that need one.</summary>
    public required Func<WorkerSetting, IEnumerable<ServedLane>> Serve { get; init; }

    /// <summary>How a stream stands that a worker let go, for a person; null when there is nothing to say.</summary>
    public required Func<StreamName, object, WorkerLine?> Line { get; init; }
}

/// <summary>What a lane's streams record of their own, beside the effects.</summary>
/// <param name="Lane">The streams.</param>
/// <param name="IsOwn">Whether an event is one of the lane's own.</param>
internal sealed record LaneRecord(ILane Lane, Func<Event, bool> IsOwn);

/// <summary>What lanes are served with.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Concurrency">How many processes at once.</param>
/// <param name="Stay">Takes what stays open as long as the worker works.</param>
internal sealed record WorkerSetting(AssayEngine Engine, int Concurrency, Action<IAsyncDisposable> Stay);

/// <summary>What became of a stream that a worker had.</summary>
/// <param name="Lane">Its lane, as <c>--lanes</c> names it.</param>
/// <param name="Id">Its job, run of tasks or epoch.</param>
/// <param name="State">Where it stands, in its lane's words, or one of <c>AssayWorker</c>'s.</param>
/// <param name="Step">At which step of it; null where there is none.</param>
/// <param name="Message">More, for a person.</param>
public sealed record WorkerLine(string Lane, string Id, string State, string? Step = null, string? Message = null);
