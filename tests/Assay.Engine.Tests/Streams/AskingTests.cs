using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;

namespace Assay.Tests.Streams;

/// <summary>A command to another stream, its answer and what follows from it are one commit (rulings 1 and 47).</summary>
public sealed class AskingTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Workspace _workspace = null!;

    public async ValueTask InitializeAsync() => _workspace = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());

    public async ValueTask DisposeAsync()
    {
        await _workspace.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_is_asked_and_what_is_answered_become_durable_together()
    {
        var notices = new List<EventsCommitted>();
        await RunAsync("one", [Ask("a", new Count(2)), Ask("b", new Count(0)), Ask("c", new Count(-1))], notices);
        Assert.Equal([new CountAnswer(2), new CountAnswer(2), new RefusedAnswer("ended", "a counter goes up")], await AnswersAsync("one"));
        Assert.Equal(2, (await _workspace.Store.FindAsync(CounterLane.Stream))!.Head.Version);

        // Asked, answered and judged three times, beside the counter's two events: nothing was durable in between.
        var asker = Assert.Single(notices, n => n.Events.Any(e => e.Body is EffectStarted));
        Assert.Equal(9, asker.Events.Count);
        Assert.Equal(2, Assert.Single(notices, n => n.Stream == CounterLane.Stream).Events.Count);
    }

    [Fact]
    public async Task Of_many_that_ask_at_once_each_gets_an_answer_of_its_own()
    {
        Effect[] asks = [.. Enumerable.Range(0, 5).Select(i => Ask($"a{i}", new Count()))];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => RunAsync($"S{i}", asks, [])));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => AnswersAsync($"S{i}")));
        var numbers = answers.SelectMany(a => a).Cast<CountAnswer>().Select(a => a.Number);
        Assert.Equal(Enumerable.Range(1, 40), numbers.Order());
    }

    [Fact]
    public async Task What_the_other_lane_throws_is_no_answer_and_leaves_nothing_there()
    {
        await RunAsync("one", [Ask("bad", new Count(5, IsHostile: true)), Ask("good", new Count())], []);
        var answers = await AnswersAsync("one");
        Assert.Contains("InvalidCastException: hostile", Assert.IsType<NoAnswer>(answers[0]).Reason, StringComparison.Ordinal);
        Assert.Equal(new CountAnswer(1), answers[1]);
        Assert.Equal(1, (await _workspace.Store.FindAsync(CounterLane.Stream))!.Head.Version);
    }

    [Fact]
    public async Task A_stream_whose_events_do_not_lead_to_its_head_ends_whoever_asks_it_and_is_named()
    {
        await RunAsync("one", [Ask("a", new Count())], []);
        await Task.Run(() =>
        {
            using var db = new SqliteConnection(WorkspacePaths.Ledger(_workspace.Root));
            db.Execute("UPDATE events SET body=CAST(body || ' ' AS BLOB) WHERE stream=(SELECT id FROM streams WHERE name='counter/C')");
        });
        var error = await Assert.ThrowsAsync<LedgerException>(() => RunAsync("two", [Ask("b", new Count())], []));
        Assert.Contains("counter/C is damaged", error.Message, StringComparison.Ordinal);
        var put = new CommandHandler(_workspace, TimeProvider.System).SubmitAsync(new CounterLane(), CounterLane.Stream, new Count());
        Assert.Contains("counter/C is damaged", (await Assert.ThrowsAsync<LedgerException>(() => put)).Message, StringComparison.Ordinal);
    }

    private static ChildStream Ask(string id, Count count) => new(id) { Stream = CounterLane.Stream, Command = count };

    private async Task RunAsync(string name, IReadOnlyList<Effect> effects, List<EventsCommitted> notices)
    {
        var (lane, stream) = (new BatchLane(effects), StreamName.Of("batch", name));
        await using var engine = await AssayEngine.StartAsync(_workspace, TimeProvider.System, lanes: new LaneSet(lane, new CounterLane()));
        await engine.Commands.SubmitAsync(lane, stream, new DeclareBatch());
        using var watching = engine.Watch(notice =>
        {
            if (notice is EventsCommitted committed) notices.Add(committed);
        });
        Assert.IsType<RunResult.Finished>(await engine.RunAsync(lane, stream, 4, CancellationToken.None));
    }

    private async Task<List<StreamAnswer>> AnswersAsync(string name) =>
    [
        .. (await _workspace.Store.ReadAsync(StreamName.Of("batch", name), 0))
            .Select(s => EventEnvelope.Open(s.Bytes, new BatchLane([]).Events).Body)
            .OfType<EffectFinished>().Select(f => ((AnswerOutcome)f.Outcome).Answer),
    ];
}
