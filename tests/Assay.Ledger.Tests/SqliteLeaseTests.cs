using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;

namespace Assay.Tests;

/// <summary>By which of a host's clocks a lease goes, where the host of the file is asked and not a server.</summary>
public sealed class SqliteLeaseTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly HostTime Here = new("host", "boot", Start, 1_000_000);
    private static readonly StreamName A = StreamName.Of("test", "A");

    private readonly TemporaryFolder _folder = new();
    private readonly SqliteEventStore _store;
    private HostTime _now = Here;

    public SqliteLeaseTests() => _store = SqliteEventStore.Open(_folder.Under("ledger.db"), new HostClock(() => _now));

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>How the claim of a session of this host and boot fares when both clocks move, each by its own way.</summary>
    [Theory]
    [InlineData(3600, 10, false)]
    [InlineData(-3600, 10, false)]
    [InlineData(-3600, 61, true)]
    [InlineData(0, 61, true)]
    public async Task On_one_host_a_lease_goes_by_the_boots_clock(int utcSeconds, int bootSeconds, bool passesOn)
    {
        await ClaimDueAsync();
        await PassesOnAsync(Here with { Utc = Start.AddSeconds(utcSeconds), BootMs = Here.BootMs + (bootSeconds * 1000) }, passesOn);
    }

    [Theory]
    [InlineData("elsewhere", "other", 10, false)]
    [InlineData("elsewhere", "other", 61, true)]
    [InlineData("elsewhere", "boot", 61, true)]
    [InlineData("host", "other", 10, true)]
    public async Task Between_hosts_a_lease_goes_by_the_clock_that_is_set_and_none_outlives_a_boot(
        string host, string boot, int utcSeconds, bool passesOn)
    {
        await ClaimDueAsync();
        await PassesOnAsync(new HostTime(host, boot, Start.AddSeconds(utcSeconds), 5), passesOn);
    }

    [Fact]
    public async Task A_lease_that_knows_no_boots_clock_goes_by_the_other_one()
    {
        await ClaimDueAsync();
        using (var raw = new SqliteConnection(_store.Path)) raw.Execute("UPDATE sessions SET lease_until_boot_ms=NULL");
        await PassesOnAsync(Here with { BootMs = long.MaxValue }, passesOn: false);
        await PassesOnAsync(Here with { Utc = Start.AddMinutes(2), BootMs = 0 }, passesOn: true);
    }

    private async Task ClaimDueAsync()
    {
        _now = Here with { Utc = Start.AddDays(-1) };
        await _store.CommitAsync(new Commit([new StreamAppend(A, StreamHead.Empty(A), []) { WakeAfter = TimeSpan.Zero }]));
        _now = Here;
        foreach (var id in new[] { "s1", "s2" }) await _store.OpenSessionAsync(new WorkerSession(id, "host", "boot", 1, 1), Minute);
        Assert.IsType<ClaimResult.Granted>(await _store.ClaimAsync(A, "s1"));
    }

    private async Task PassesOnAsync(HostTime now, bool passesOn)
    {
        _now = now;
        Assert.Equal(!passesOn, (await _store.SessionsAsync())[0].Holds);
        Assert.Equal(passesOn ? [A] : [], (await _store.ClaimDueAsync(["test"], "s2", 10)).Select(c => c.Stream));
        Assert.Equal(passesOn, await _store.ClaimAsync(A, "s2") is ClaimResult.Granted);
    }
}
