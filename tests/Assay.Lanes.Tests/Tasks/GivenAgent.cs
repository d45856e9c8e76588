using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

/// <summary>An agent that the tests have work on a task.</summary>
internal static class GivenAgent
{
    public static AdapterSpec Adapter => TaskLaneTests.Declare().Adapters[0] with
    {
        AdapterId = "agent",
        Kind = AdapterKind.Agent,
        Sandbox = SandboxLevel.Confined,
        Command = ["/opt/claude"],
        Agent = new AgentSpec { Template = AgentProduct.ClaudeCode, Model = "m", Endpoint = "http://127.0.0.1:1", MaxOutputTokens = 1_000 },
    };

    /// <summary>A gateway that was asked once.</summary>
    public static GatewayReport Asked => new()
    {
        Requests = 1,
        Failed = 0,
        InputTokens = 0,
        CachedTokens = 0,
        OutputTokens = 0,
        Log = new Captured("gateway.jsonl", 0, Digest.Of(""), Truncated: false),
    };
}
