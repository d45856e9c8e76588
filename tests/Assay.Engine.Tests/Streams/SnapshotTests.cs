using System.Text;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Verification;

namespace Assay.Tests.Streams;

/// <summary>A long stream is opened from what was kept of its fold; without it, or when it is damaged, opening only takes longer.</summary>
public sealed class SnapshotTests : IAsyncLifetime
{
    private const int Long = 4_500;

    private static readonly CounterLane Lane = new();

    private readonly TemporaryFolder _folder = new();
    private Workspace _workspace = null!;

    public async ValueTask InitializeAsync() => _workspace = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());

    private IEventStore Store => _workspace.Store;

    public async ValueTask DisposeAsync()
    {
        await _workspace.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_long_stream_is_kept_and_opened_from_there()
    {
        await CountAsync(10);
        Assert.Null(await Store.FindSnapshotAsync(CounterLane.Stream));
        await CountAsync(Long);
        await CountAsync(7);
        Assert.Equal(10 + Long, (await Store.FindSnapshotAsync(CounterLane.Stream))!.Head.Version);
        Assert.Equal(10 + Long, (await StreamLoad.KeptAsync(Store, Lane, CounterLane.Stream))!.Head.Version);
        Assert.Equal(10 + Long + 7, await OpenedAsync());
        Assert.Empty(await ProblemsAsync());
    }

    [Fact]
    public async Task What_is_damaged_is_not_used_and_verify_names_it()
    {
        await CountAsync(Long);
        var kept = (await Store.FindSnapshotAsync(CounterLane.Stream))!;
        await Store.KeepSnapshotAsync(Forged(kept));
        Assert.Equal(Long, await OpenedAsync());
        Assert.Equal("what is kept of its fold differs from its digest", Assert.Single(await ProblemsAsync()).Message);

        foreach (var broken in new[] { "", "[", "[[],[],[],[],null]", "[[],[],[],[]]", "7" }.Select(Encoding.UTF8.GetBytes))
        {
            await Store.KeepSnapshotAsync(kept with { Body = broken, Sha256 = Digest.Of(broken) });
            Assert.Equal(Long, await OpenedAsync());
            Assert.Equal("what is kept of its fold is not what the events give", Assert.Single(await ProblemsAsync()).Message);
        }
    }

    [Fact]
    public async Task What_somebody_made_up_is_named_by_verify()
    {
        await CountAsync(Long);
        var forged = Forged((await Store.FindSnapshotAsync(CounterLane.Stream))!);
        await Store.KeepSnapshotAsync(forged with { Sha256 = Digest.Of(forged.Body.Span) });
        var problem = Assert.Single(await ProblemsAsync());
        Assert.Equal((CounterLane.Stream + "@4500", "snapshot"), (problem.Where, problem.Rule));
    }

    [Fact]
    public async Task What_is_of_another_build_or_another_past_is_not_used()
    {
        await CountAsync(Long);
        var kept = (await Store.FindSnapshotAsync(CounterLane.Stream))!;
        await Store.KeepSnapshotAsync(kept with { Build = "another" });
        Assert.Null(await StreamLoad.KeptAsync(Store, Lane, CounterLane.Stream));
        Assert.Empty(await ProblemsAsync());

        await Store.KeepSnapshotAsync(kept with { Head = kept.Head with { Hash = Digest.Of("another past") } });
        Assert.Null(await StreamLoad.KeptAsync(Store, Lane, CounterLane.Stream));
        Assert.Single(await ProblemsAsync());
        await Store.KeepSnapshotAsync(kept with { Head = kept.Head with { Version = Long + 1 } });
        Assert.Null(await StreamLoad.KeptAsync(Store, Lane, CounterLane.Stream));
        Assert.Equal("what is kept of its fold lies beyond its last event", Assert.Single(await ProblemsAsync()).Message);
        Assert.Equal(Long, await OpenedAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(100)]
    public async Task What_claims_another_version_is_not_used(long version)
    {
        await CountAsync(Long);
        var kept = (await Store.FindSnapshotAsync(CounterLane.Stream))!;
        var first = Digest.Of((await Store.ReadAsync(CounterLane.Stream, Math.Max(0, version - 1), limit: 1))[0].Bytes.Span);
        await Store.KeepSnapshotAsync(kept with { Head = new StreamHead(version, first) });
        await CountAsync(1);
        Assert.Equal(Long + 1, await OpenedAsync());
    }

    [Fact]
    public async Task Rebuilding_puts_what_the_events_give_in_the_place_of_what_somebody_made_up()
    {
        await CountAsync(Long);
        var forged = Forged((await Store.FindSnapshotAsync(CounterLane.Stream))!);
        await Store.KeepSnapshotAsync(forged with { Sha256 = Digest.Of(forged.Body.Span) });
        Assert.Equal(9_999, await OpenedAsync());
        await StreamLoad.KeepAllAsync(Store, new LaneSet(Lane), told => Assert.Fail(told.Text));
        Assert.Equal(Long, await OpenedAsync());
        Assert.Empty(await ProblemsAsync());
    }

    [Fact]
    public async Task A_fold_that_cannot_be_kept_is_told_and_costs_nothing_else()
    {
        await CountAsync(10);
        var told = new List<FoldNotKept>();
        var broken = new StreamMachine(LaneFold.Of(Lane) with { State = "no counter" }, CounterLane.Stream, new StreamHead(10, default));
        await new SnapshotKeeper(Store, told.Add).KeepAsync(broken);
        Assert.Contains("could not be kept", Assert.Single(told).Text);
        Assert.Null(await Store.FindSnapshotAsync(CounterLane.Stream));
        Assert.Equal(10, await OpenedAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_kept_of_a_stream_grows_no_faster_than_the_stream(bool atWork)
    {
        const int last = 200_000;
        var (kept, times, written) = (0L, 0, 0L);
        for (var version = 1; version <= last; version++)
        {
            var machine = new StreamMachine(LaneFold.Of(Lane), CounterLane.Stream, new StreamHead(version, default)) { KeptAt = kept };
            if (!(atWork ? SnapshotKeeper.IsDueAtWork(machine) : SnapshotKeeper.IsDueAtRest(machine))) continue;
            (kept, times, written) = (version, times + 1, written + version);
        }

        // Each time as much is written as there is, so that their sum is what an event costs.
        Assert.InRange(times, 20, 160);
        Assert.InRange(written, last, 40L * last);
    }

    /// <summary>The same with another number, under the digest of the first.</summary>
    private static StreamSnapshot Forged(StreamSnapshot kept)
    {
        var text = Encoding.UTF8.GetString(kept.Body.Span);
        return kept with { Body = Encoding.UTF8.GetBytes(text.Replace($"{Long}", "9999", StringComparison.Ordinal)) };
    }

    private Task CountAsync(int size) => new CommandHandler(_workspace, TimeProvider.System).SubmitAsync(Lane, CounterLane.Stream, new Count(size));

    private async Task<int> OpenedAsync() => ((CounterState)(await StreamLoad.OfAsync(Store, Lane, CounterLane.Stream)).State).Number;

    private async Task<IReadOnlyList<VerifyProblem>> ProblemsAsync() =>
        (await new LedgerVerifier(Store, new LaneSet(Lane), _workspace.Mirror).VerifyAsync()).Problems;
}
