using System.Reflection;
using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;

namespace Assay.Tests.Streams;

/// <summary>A store over a network whose connection breaks in the middle of commits.</summary>
public sealed class LostAnswerTests : IAsyncDisposable
{
    private static readonly StreamName Stream = StreamName.Of("batch", "b1");

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;
    private readonly LossyStore _lossy;

    public LostAnswerTests()
    {
        Directory.CreateDirectory(WorkspacePaths.Attempts(_folder.Under("w")));
        (_lossy, var store) = LossyStore.Over(SqliteEventStore.Open(WorkspacePaths.Ledger(_folder.Under("w"))));
        _workspace = new Workspace(_folder.Under("w"), store, new LaneSet());
    }

    public async ValueTask DisposeAsync()
    {
        await _workspace.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(LossyStore.Loss.Before)]
    [InlineData(LossyStore.Loss.After)]
    public async Task A_request_whose_answer_was_lost_is_recorded_once(LossyStore.Loss loss)
    {
        _lossy.Next = loss;
        var (decision, _) = await new CommandHandler(_workspace, TimeProvider.System).SubmitAsync(new BatchLane([]), Stream, new DeclareBatch());
        Assert.IsType<Decision.Accepted>(decision);
        Assert.Single(await _workspace.Store.ReadAsync(Stream, 0));
    }

    [Theory]
    [InlineData(LossyStore.Loss.Before)]
    [InlineData(LossyStore.Loss.After)]
    public async Task Work_goes_on_over_a_connection_that_breaks_at_every_commit(LossyStore.Loss loss)
    {
        var lane = new BatchLane([new RemoveFolders("a") { Folders = ["out/a"] }, new RemoveFolders("b") { Folders = ["out/b"] }]);
        await using var engine = await AssayEngine.StartAsync(_workspace, TimeProvider.System, lanes: new LaneSet(lane));
        await engine.Commands.SubmitAsync(lane, Stream, new DeclareBatch());
        _lossy.Always = loss;
        Assert.IsType<RunResult.Finished>(await engine.RunAsync(lane, Stream, 1, CancellationToken.None));
        var bodies = (await _workspace.Store.ReadAsync(Stream, 0)).Select(e => EventEnvelope.Open(e.Bytes, lane.Events).Body).ToList();
        Assert.Equal(["a", "b"], bodies.OfType<EffectFinished>().Select(f => f.EffectId));
        Assert.Equal(["a", "b"], bodies.OfType<EffectStarted>().Select(f => f.EffectId));
    }

    [Fact]
    public async Task Who_asked_is_told_when_the_store_has_stopped_and_nothing_is_there()
    {
        (_lossy.Next, _lossy.TakesMore) = (LossyStore.Loss.Before, false);
        var handler = new CommandHandler(_workspace, TimeProvider.System);
        var failure = await Assert.ThrowsAsync<LedgerException>(() => handler.SubmitAsync(new BatchLane([]), Stream, new DeclareBatch()));
        Assert.Contains("nothing of it was recorded", failure.Message, StringComparison.Ordinal);
        _lossy.Next = LossyStore.Loss.After;
        Assert.IsType<Decision.Accepted>((await handler.SubmitAsync(new BatchLane([]), Stream, new DeclareBatch())).Decision);
    }
}

/// <summary>A store between whose caller and itself answers are lost.</summary>
public class LossyStore : DispatchProxy
{
    private IEventStore _store = null!;

    /// <summary>When the connection breaks.</summary>
    public enum Loss
    {
        None,
        Before,
        After,
    }

    /// <summary>What happens to the next commit alone.</summary>
    public Loss Next { get; set; }

    /// <summary>What happens to the first attempt at every commit.</summary>
    public Loss Always { get; set; }

    public bool TakesMore { get; set; } = true;

    internal static (LossyStore Lossy, IEventStore Store) Over(IEventStore store)
    {
        var made = Create<IEventStore, LossyStore>();
        var lossy = (LossyStore)(object)made;
        lossy._store = store;
        return (lossy, made);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name != nameof(IEventStore.CommitAsync)) return targetMethod.Invoke(_store, args);
        return CommitAsync((Commit)args![0]!);
    }

    private async Task<CommitResult> CommitAsync(Commit commit)
    {
        var loss = Next == Loss.None && !_lost.Contains(commit) ? Always : Next;
        Next = Loss.None;
        if (loss == Loss.None || commit.Appends.All(a => a.Events.Count == 0)) return await _store.CommitAsync(commit);
        _lost.Add(commit);
        if (loss == Loss.After) await _store.CommitAsync(commit);
        return new CommitResult.Unknown(new LedgerException("the connection is broken"), TakesMore);
    }

    private readonly HashSet<Commit> _lost = new(ReferenceEqualityComparer.Instance);
}
