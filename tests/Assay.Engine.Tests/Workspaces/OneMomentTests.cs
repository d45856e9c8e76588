using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Ledger;
using Assay.Ledger.Verification;
using Assay.Tests.Streams;

namespace Assay.Tests.Workspaces;

/// <summary>A ledger that nobody has open has no log that would keep a moment of it, and somebody may write while it is verified.</summary>
public sealed class OneMomentTests : IDisposable
{
    private const int Pages = 5_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Verify_gives_no_alarm_when_a_short_command_comes_between_two_pages()
    {
        await CountAsync(Pages);
        var isToCome = true;
        var lane = new CounterLane
        {
            Folding = number =>
            {
                if (number != 5 || !isToCome) return;
                isToCome = false;
                CountAsync(1).GetAwaiter().GetResult();
            },
        };
        await using var workspace = await Workspace.OpenForReadingAsync(_folder.Under("w"), new LaneSet(new CounterLane()));
        var report = await new LedgerVerifier(workspace.Store, new LaneSet(lane), workspace.Mirror).VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal(Pages, report.Events);
        Assert.False(isToCome);
    }

    [Fact]
    public async Task A_snapshot_of_it_says_that_its_moment_is_gone()
    {
        await CountAsync(1);
        await using var workspace = await Workspace.OpenForReadingAsync(_folder.Under("w"), new LaneSet(new CounterLane()));
        await using var snapshot = await workspace.Store.SnapshotAsync();
        Assert.Equal(1, (await snapshot.FindAsync(CounterLane.Stream))!.Head.Version);
        await CountAsync(1);
        Assert.True((await Assert.ThrowsAsync<LedgerException>(async () => await snapshot.ReadAsync(CounterLane.Stream, 0))).IsOutdated);
        Assert.Equal(2, (await workspace.Store.FindAsync(CounterLane.Stream))!.Head.Version);
    }

    private async Task CountAsync(int size)
    {
        await using var workspace = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());
        await new CommandHandler(workspace, TimeProvider.System).SubmitAsync(new CounterLane(), CounterLane.Stream, new Count(size));
    }
}
