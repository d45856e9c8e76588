using Assay.Engine.Streams;
using Assay.Host;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>Epochs, as the host sees them. A ladder is climbed by whoever escalates it.</summary>
internal static class EpochModule
{
    private const string Name = "epochs";

    public static LaneModule Module { get; } = new(Name, EpochLane.Instance, LadderLane.Instance)
    {
        Serve = static setting =>
        [
            new ServedLane(
                EpochLane.Instance, (epoch, cancel, drain) => setting.Engine.RunAsync(EpochLane.Instance, epoch, setting.Concurrency, cancel, drain)),
        ],
        Line = static (stream, state) => state is EpochState epoch ? Line(stream.Id, epoch) : null,
    };

    private static WorkerLine Line(string epochId, EpochState epoch) => epoch.Finished is { } end
        ? new WorkerLine(Name, epochId, WireName<EpochVerdict>.Of(end.Verdict), Message: end.Reason is { } reason ? WireName<EndReason>.Of(reason) : null)
        : new WorkerLine(Name, epochId, WireName<EpochProgress>.Of(EpochProgress.Running), Message: $"{epoch.Done} of {epoch.Crucibles.Length} crucibles");
}
