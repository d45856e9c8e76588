using System.Reflection;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay.Tests;

/// <summary>A catalog looks for how an event is written when the first one is, which must not be when a run needs it.</summary>
public sealed class EventTypesTests
{
    [Fact]
    public void How_an_event_is_written_is_there_for_each_that_a_lane_names()
    {
        var lanes = typeof(TaskLane).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(ILane)) && !t.IsAbstract)
            .Select(t => (ILane)t.GetField("Instance", BindingFlags.Static | BindingFlags.Public)!.GetValue(null)!).ToList();
        Assert.True(lanes.Count >= 8);
        foreach (var lane in lanes)
        {
            var types = lane switch
            {
                EpochLane or LadderLane => EpochJson.Default,
                JobLane or RunLane or RegistryLane => JobJson.Default,
                _ => (System.Text.Json.Serialization.JsonSerializerContext)TaskJson.Default,
            };
            Assert.All(lane.Events.Types.Where(t => !t.IsAssignableTo(typeof(EffectEvent))), type => Assert.NotNull(types.GetTypeInfo(type)));
        }
    }
}
