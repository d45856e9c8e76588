using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;

namespace Assay.Tests.Workspaces;

/// <summary>Two engines on one host, whose clock is set while they run.</summary>
public sealed class EngineSessionTests : IAsyncDisposable
{
    private static readonly StreamName Stream = StreamName.Of("test", "A");

    private readonly TemporaryFolder _folder = new();
    private readonly SetClock _time = new();
    private readonly SqliteEventStore _store;
    private long _bootMs = 1_000_000;

    public EngineSessionTests() => _store = SqliteEventStore.Open(_folder.Under("ledger.db"), new HostClock(_time, () => _bootMs));

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Setting_the_hosts_clock_takes_nothing_from_an_engine_that_runs(int hours)
    {
        await using var first = await OpenAsync();
        await using var second = await OpenAsync();
        Assert.IsType<ClaimResult.Granted>(await ClaimAsync(first));
        _time.Utc += TimeSpan.FromHours(hours);
        _bootMs += 1000;
        Assert.Equal(first.Identity.Id, Assert.IsType<ClaimResult.Held>(await ClaimAsync(second)).Owner.Id);
        Assert.Equal(first.Identity.Id, (await StreamOwner.OfAsync(_store, Stream))?.Id);
    }

    [Fact]
    public async Task An_engine_that_was_stopped_loses_its_claims_when_its_lease_runs_out_by_the_boots_clock()
    {
        await using var stopped = await OpenAsync();
        await using var second = await OpenAsync();
        Assert.IsType<ClaimResult.Granted>(await ClaimAsync(stopped));
        _time.Utc -= TimeSpan.FromHours(1);
        _bootMs += (long)EngineSession.Lease.TotalMilliseconds;
        Assert.Null(await StreamOwner.OfAsync(_store, Stream));
        Assert.IsType<ClaimResult.Granted>(await ClaimAsync(second));
    }

    [Fact]
    public async Task A_clock_that_was_set_back_does_not_hold_the_claim_of_a_dead_engine()
    {
        await using var second = await OpenAsync();
        var dead = second.Identity with { Id = "dead", StartTicks = second.Identity.StartTicks - 1 };
        await _store.OpenSessionAsync(dead, EngineSession.Lease);
        await AppendAsync();
        await _store.ClaimAsync(Stream, dead.Id);
        _time.Utc -= TimeSpan.FromHours(1);
        Assert.Null(await StreamOwner.OfAsync(_store, Stream));
        Assert.IsType<ClaimResult.Granted>(await ClaimAsync(second));
    }

    [Fact]
    public void The_kernels_clock_goes_on()
    {
        var clock = new HostClock(_time);
        var first = clock.Now;
        Assert.True(SpinWait.SpinUntil(() => clock.Now.BootMs > first.BootMs, TimeSpan.FromSeconds(10)));
        Assert.Equal(first.Utc, clock.Now.Utc);
    }

    private Task<EngineSession> OpenAsync() => EngineSession.OpenAsync(_store, _time);

    private async Task<ClaimResult> ClaimAsync(EngineSession session)
    {
        await AppendAsync();
        return await DeadSessions.ClaimAsync(_store, Stream, session.Identity.Id);
    }

    private async Task AppendAsync()
    {
        var head = StreamHead.Empty(Stream);
        var events = EventEnvelope.Seal(Stream, head, [new EffectStarted("e", 1, "s", "host", "boot")], _time.Utc, EffectEvents.Catalog());
        await _store.CommitAsync(new Commit([new StreamAppend(Stream, head, events)]));
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Utc { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Utc;
    }
}
