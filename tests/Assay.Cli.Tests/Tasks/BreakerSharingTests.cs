using System.Collections.Immutable;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

/// <summary>A breaker on its stream, under many callers at once, in a real store.</summary>
public sealed class BreakerSharingTests
{
    private const int Callers = 200;

    [Fact]
    public async Task Under_200_parallel_failures_it_opens_once_and_probes_once()
    {
        using var folder = new TemporaryFolder();
        await using var workspace = await Workspace.OpenAsync(folder.Path, KnownLanes.All);
        await WorkspaceTables.ReadyAsync(workspace);
        var stream = AdapterLane.StreamOf("shared");

        // Two handlers, as two processes would have.
        var handlers = new[] { new CommandHandler(workspace, TimeProvider.System), new CommandHandler(workspace, TimeProvider.System) };
        await handlers[0].SubmitAsync(AdapterLane.Instance, stream, new ConfigureAdapter(Adapter()));
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => handlers[i % 2].SubmitAsync(AdapterLane.Instance, stream, new ReportCall($"t{i}", AdapterReport.Failed))));
        Assert.Single((await EventsAsync(workspace, stream)).OfType<CircuitOpened>());
        await Task.Delay(400);

        var permits = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async i =>
        {
            var ask = new AskPermit($"p{i}", 60_000);
            var (_, state) = await handlers[i % 2].SubmitAsync(AdapterLane.Instance, stream, ask);
            return ((PermitAnswer)AdapterLane.Instance.Answer((AdapterState)state, ask)).Status;
        }));
        Assert.Single(permits, p => p == PermitStatus.Allowed);
        Assert.Single((await EventsAsync(workspace, stream)).OfType<CircuitHalfOpened>());
        Assert.Single((await EventsAsync(workspace, stream)).OfType<ProbeGranted>());
    }

    private static async Task<IEnumerable<Event>> EventsAsync(Workspace workspace, StreamName stream) =>
        (await workspace.Store.ReadAsync(stream, 0)).Select(e => EventEnvelope.Open(e.Bytes, AdapterLane.Instance.Events).Body);

    private static AdapterSpec Adapter() => new()
    {
        AdapterId = "shared",
        Kind = AdapterKind.Process,
        Sandbox = SandboxLevel.None,
        Command = ["true"],
        Pinned = [],
        Inherit = [],
        Headers = ImmutableSortedDictionary<string, string>.Empty,
        Concurrency = 1,
        CircuitBreaker = new BreakerSettings(FailureThreshold: 5, OpenMs: 300, HalfOpenSuccesses: 1),
        Retry = new RetrySettings(1, new BackOff(BackOffGrowth.Constant, 1, 1, Jitter: false)),
        SuccessCodes = [0],
    };
}
