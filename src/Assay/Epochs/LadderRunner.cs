using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>
/// Runs ladders of plans. Each time a ladder is climbed is a run with an id of its own, and each attempt at a rung an epoch of its own, so
/// that an escalation goes on where it was interrupted.
/// </summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Is told what happens while it happens.</param>
/// <param name="begun">Is told which run of the ladder it is, before anything of it runs.</param>
public sealed class LadderRunner(
    Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null, Action<BegunRun>? begun = null)
{
    /// <summary>Whether a document says of itself that it is a ladder. One that cannot be read is none.</summary>
    public static bool IsLadder(string path) =>
        DocumentFile.ReadAny(path).Document is { IsValid: true } document && DocumentFile.VersionOf(document.Value) == EpochLadder.Version;

    /// <summary>Reads a ladder and every plan on it, once, and checks them against this host. Writes and starts nothing.</summary>
    public static Checked<PreparedLadder> Prepare(string ladderPath, EpochOptions options) => LadderLoader.Load(ladderPath, options);

    /// <summary>Climbs a ladder anew, or goes on with its run that was interrupted or cancelled.</summary>
    /// <param name="prepared">The ladder.</param>
    /// <param name="autonomous">Repeat a failed rung up to its attempts.</param>
    /// <param name="maxEpochs">The most epochs to run; null: as many as the attempts allow.</param>
    /// <param name="cancel">Ends what is under way and records it.</param>
    public async Task<Answer<LadderEnd>> RunAsync(PreparedLadder prepared, bool autonomous, int? maxEpochs, CancellationToken cancel)
    {
        await WorkspaceTables.ReadyAsync(workspace);
        var beginning = await BeginAsync(prepared, prepared.Ladder with { Autonomous = autonomous, MaxEpochs = maxEpochs });
        if (!beginning.IsGiven) return Answer<LadderEnd>.Refused(beginning.Subject, beginning.Refusal);
        var (id, state) = (beginning.Subject, beginning.Value);
        begun?.Invoke(new BegunRun(id, prepared.Options.Resume ? null : state.Declared!.BumpedFrom, HasEnded: state.Finished is not null));
        if (state.Finished is not null) return Answer<LadderEnd>.Given(id, Ended(state, nothingRun: true));

        await using var engine = await AssayEngine.StartAsync(workspace, time);
        using var watching = observer is null ? null : engine.Watch(observer);
        engine.OnChild((child, stop) => RunChildAsync(prepared.Attempt(id, child.Document, child.ChildId), stop));
        return await engine.RunAsync(LadderLane.Instance, LadderLane.StreamOf(id), 1, cancel) switch
        {
            RunResult.Finished finished => Answer<LadderEnd>.Given(id, Ended((LadderState)finished.State, nothingRun: false)),
            RunResult.Owned owned => Answer<LadderEnd>.Refused(id, Said.Busy("climbed", owned.By)),
            var other => throw new InvalidOperationException($"a ladder does not end with {other}"),
        };
    }

    /// <summary>Declares a run of a ladder, or lets one go on.</summary>
    private async Task<Answer<LadderState>> BeginAsync(PreparedLadder prepared, LadderDeclared ladder)
    {
        var (names, options) = (RunNames.Of(workspace, ladder, prepared.Plans[0].Epoch), prepared.Options);
        for (; ; )
        {
            var earlier = options.Resume ? await names.ToResumeAsync() : null;
            var id = earlier ?? (options.AutoBump ? await names.FreeAsync() : ladder.LadderId);
            Command command = earlier is null ? new DeclareLadder(ladder.As(id)) : new ResumeLadder(ladder);
            var handler = new CommandHandler(workspace, time);
            var (decision, state) = await handler.SubmitAsync(LadderLane.Instance, LadderLane.StreamOf(id), command);
            if (decision is not Decision.Refused { Refusal: var refusal }) return Answer<LadderState>.Given(id, (LadderState)state);

            // Another process took the id in the meantime: the next free one is tried.
            if (!options.AutoBump || refusal.Kind != EpochRefusals.LadderExists) return Answer<LadderState>.Refused(prepared.Path, refusal);
        }
    }

    private async Task<StreamAnswer> RunChildAsync(PreparedEpoch attempt, CancellationToken stop)
    {
        var answer = await new EpochRunner(workspace, time, observer).RunAsync(attempt, stop);
        return answer is { Value: { } ended }
            ? new EpochAnswer(ended.Summary.EpochVerdict, ended.Reason, ended.Summary.CountsForGates)
            : new NoAnswer($"{answer.Subject}: {answer.Refusal!.Text}");
    }

    private static LadderEnd Ended(LadderState state, bool nothingRun) =>
        new(LadderSummary.Of(state) with { NothingRun = nothingRun }, state.Finished!.Cancelled);
}

/// <summary>How an escalation ended: at the top, or stopped below it.</summary>
/// <param name="Summary">What came of it.</param>
/// <param name="Cancelled">Whether somebody ended it.</param>
public sealed record LadderEnd(LadderSummary Summary, bool Cancelled);
