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
            new ServedLane(EpochLane.Instance, async (epoch, cancel, drain) =>
            {
                await setting.Engine.Commands.SubmitAsync(EpochLane.Instance, epoch, new TakeUpEpoch());
                return await setting.Engine.RunAsync(EpochLane.Instance, epoch, setting.Concurrency, cancel, drain);
            }),
        ],
        Line = static (stream, state) => state is EpochState epoch ? Line(stream.Id, epoch) : null,
    };

    /// <summary>What an epoch records.</summary>
    public static LaneRecord Record { get; } = new(EpochLane.Instance, static e => e is EpochEvent);

    private static WorkerLine Line(string epochId, EpochState epoch)
    {
        if (epoch.Finished is not { } end)
        {
            var running = WireName<EpochProgress>.Of(EpochProgress.Running);
            return new WorkerLine(Name, epochId, running, Message: $"{epoch.Done} of {epoch.Crucibles.Length} crucibles");
        }

        var reason = end.Reason is { } early ? WireName<EndReason>.Of(early) : null;
        return new WorkerLine(Name, epochId, WireName<EpochVerdict>.Of(end.Verdict), Message: reason);
    }
}
