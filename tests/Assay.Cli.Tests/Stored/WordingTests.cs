using System.Text.Json.Serialization.Metadata;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger.Verification;

namespace Assay.Tests.Stored;

/// <summary>The wording of a log line may change: what was written stays as it is, and nobody is told that it differs.</summary>
public sealed class WordingTests
{
    public static TheoryData<string, string> Workspaces
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var release in StoredWorkspace.Releases)
            {
                foreach (var name in new[] { "job-finished", "job-waiting", "tasks-finished", "epoch-finished" }) all.Add(release, name);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Workspaces))]
    public async Task Stored_lines_stay_as_they_are_when_the_wording_changes(string release, string name)
    {
        using var stored = await StoredWorkspace.OpenAsync(release, name);
        var lanes = new LaneSet([.. KnownLanes.All.Select(l => new Reworded(l))]);
        await using (var workspace = await Workspace.OpenForReadingAsync(stored.Under(".assay"), lanes))
        {
            var report = await new LedgerVerifier(workspace.Store, lanes, workspace.Mirror).VerifyAsync();
            Assert.Empty(report.Problems);
            Assert.True(report.Events > 0);
        }

        await stored.AssertVerifiesAsync();
    }

    [Fact]
    public async Task Lines_of_this_build_stay_as_they_are_too()
    {
        using var folder = new JobFolder();
        folder.Write();
        await folder.SubmitAsync();
        var lanes = new LaneSet([.. KnownLanes.All.Select(l => new Reworded(l))]);
        await using var workspace = await Workspace.OpenForReadingAsync(Path.Combine(folder.Path, ".assay"), lanes);
        var report = await new LedgerVerifier(workspace.Store, lanes, workspace.Mirror).VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.True(report.Files > 2);
    }

    /// <summary>A lane of a later build: the same, and every line says more.</summary>
    private sealed class Reworded(ILane lane) : ILane
    {
        public string Name => lane.Name;

        public EventCatalog Events => lane.Events;

        public IReadOnlyList<LaneTable> Tables => lane.Tables;

        public object Initial => lane.Initial;

        public JsonTypeInfo? StateType => lane.StateType;

        public object Evolve(object state, RecordedEvent recorded) => lane.Evolve(state, recorded);

        public Decision Decide(object state, ActiveEffects active, Command command, DateTimeOffset now) =>
            lane.Decide(state, active, command, now);

        public StreamAnswer Answer(object state, Command command) => lane.Answer(state, command);

        public MirrorFile PlaceOf(object state, MirrorFile file) => lane.PlaceOf(state, file);

        public Work Next(object state, ActiveEffects active, DateTimeOffset now) => lane.Next(state, active, now);

        public int PriorityOf(object state) => lane.PriorityOf(state);

        public Effect EffectOf(object state, string effectId) => lane.EffectOf(state, effectId);

        public IReadOnlyList<Event> Record(object state, ActiveEffects active, EffectReport report, DateTimeOffset now) =>
            lane.Record(state, active, report, now);

        public IReadOnlyList<MirrorFile> Mirror(object state, RecordedEvent recorded) => lane.Mirror(state, recorded);

        public IReadOnlyList<LogLine> Lines(object state, RecordedEvent recorded) =>
            [.. lane.Lines(state, recorded).Select(l => l with { Bytes = (byte[])[.. "more "u8, .. l.Bytes.Span] })];

        public IReadOnlyList<LogLine> LinesOfFormat1(object state, RecordedEvent recorded) => lane.LinesOfFormat1(state, recorded);

        public IReadOnlyList<LaneRow> Rows(object state, RecordedEvent recorded) => lane.Rows(state, recorded);
    }
}
