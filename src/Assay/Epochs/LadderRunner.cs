using System.Collections.Immutable;
using System.Text.Json;
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
/// Runs ladders of plans. Each attempt at a rung is an epoch of its own, so an escalation goes on where it was interrupted.
/// </summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Is told what happens while it happens.</param>
public sealed class LadderRunner(Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null)
{
    /// <summary>Whether a document says of itself that it is a ladder. One that cannot be read is none.</summary>
    public static bool IsLadder(string path) =>
        DocumentFile.ReadAny(path).Document is { IsValid: true } document && DocumentFile.VersionOf(document.Value) == EpochLadder.Version;

    /// <summary>Reads a ladder and every plan on it, once, and checks them against this host. Writes and starts nothing.</summary>
    public static Checked<PreparedLadder> Prepare(string ladderPath, EpochOptions options)
    {
        var loaded = Load(ladderPath, options);
        return loaded.IsValid ? new PreparedLadder(ladderPath, options, loaded.Value) : Checked<PreparedLadder>.Refused(loaded.Problems);
    }

    /// <summary>Climbs a ladder; one that was interrupted or cancelled goes on.</summary>
    /// <param name="prepared">The ladder.</param>
    /// <param name="autonomous">Repeat a failed rung up to its attempts.</param>
    /// <param name="maxEpochs">The most epochs to run; null: as many as the attempts allow.</param>
    /// <param name="cancel">Ends what is under way and records it.</param>
    public async Task<Answer<LadderEnd>> RunAsync(PreparedLadder prepared, bool autonomous, int? maxEpochs, CancellationToken cancel)
    {
        var ladder = prepared.Ladder with { Autonomous = autonomous, MaxEpochs = maxEpochs };
        await WorkspaceTables.ReadyAsync(workspace);
        var stream = StreamName.Of(LadderLane.LaneName, ladder.LadderId);
        var isNew = await workspace.Store.FindAsync(stream) is null;
        Command command = isNew ? new DeclareLadder(ladder) : new ResumeLadder(ladder.LadderSha256);
        if ((await new CommandHandler(workspace, time).SubmitAsync(LadderLane.Instance, stream, command)).Decision is Decision.Refused refused)
        {
            return Answer<LadderEnd>.Refused(prepared.Path, refused.Refusal);
        }

        await using var engine = await AssayEngine.StartAsync(workspace, time);
        using var watching = observer is null ? null : engine.Watch(observer);
        engine.OnChild((child, stop) => RunChildAsync(child, prepared.Options, stop));
        return await engine.RunAsync(LadderLane.Instance, stream, 1, cancel) switch
        {
            RunResult.Finished finished => Answer<LadderEnd>.Given(stream.Id, Ended((LadderState)finished.State)),
            RunResult.Owned owned => Answer<LadderEnd>.Refused(stream.Id, Said.Busy("climbed", owned.By)),
            var other => throw new InvalidOperationException($"a ladder does not end with {other}"),
        };
    }

    private async Task<StreamAnswer> RunChildAsync(RunChild child, EpochOptions options, CancellationToken stop)
    {
        var prepared = EpochRunner.Prepare(child.Document, options with { Resume = true, AutoBump = false, EpochId = child.ChildId });
        if (!prepared.IsValid) return new NoAnswer(prepared.Problems[0].ToString());
        var answer = await new EpochRunner(workspace, time, observer).RunAsync(prepared.Value, stop);
        return answer is { Value: { } ended }
            ? new EpochAnswer(ended.Summary.EpochVerdict, ended.Reason, ended.Summary.CountsForGates)
            : new NoAnswer($"{answer.Subject}: {answer.Refusal!.Text}");
    }

    /// <summary>Reads a ladder and checks every plan it names before the first one runs.</summary>
    private static Checked<LadderDeclared> Load(string ladderPath, EpochOptions options)
    {
        var document = DocumentFile.Read(ladderPath, EpochLadder.Version);
        if (!document.IsValid) return Checked<LadderDeclared>.Refused(document.Problems);
        var ladder = document.Value.Root.Deserialize(EpochJson.Default.EpochLadder)!;
        var folder = new PlanFolder(ladderPath);
        var host = HostCapabilities.Detect();
        var problems = new List<InputProblem>();
        var rungs = ImmutableArray.CreateBuilder<LadderRung>();
        for (var i = 0; i < ladder.Rungs.Length; i++)
        {
            var rung = ladder.Rungs[i];
            var pointer = $"/rungs/{i}/plan";
            if (folder.Resolve(folder.Path, rung.Plan, out var problem) is not { } path)
            {
                problems.Add(document.Value.Problem(pointer, "path", $"{rung.Plan} {problem}"));
                continue;
            }

            if (rungs.Any(r => r.Plan == path))
            {
                problems.Add(document.Value.Problem(pointer, "cycle", $"{rung.Plan} stands on the ladder twice: a ladder only goes up"));
                continue;
            }

            problems.AddRange(EpochLoader.Load(path, options, host).Problems);
            rungs.Add(rung with { Plan = path });
        }

        return problems.Count > 0
            ? Checked<LadderDeclared>.Refused(problems)
            : new LadderDeclared(ladder.LadderId, Digest.Of(CanonicalJson.Serialize(document.Value.Root)), rungs.ToImmutable(), Autonomous: false, MaxEpochs: null);
    }

    private static LadderEnd Ended(LadderState state)
    {
        var finished = state.Finished!;
        return new LadderEnd(
            new LadderSummary(state.Declared!.LadderId, finished.Reached, finished.Reason, state.Attempts), finished.Cancelled);
    }
}

/// <summary>A ladder with every plan on it, read once and checked.</summary>
public sealed class PreparedLadder
{
    internal PreparedLadder(string path, EpochOptions options, LadderDeclared ladder) => (Path, Options, Ladder) = (path, options, ladder);

    /// <summary>The document.</summary>
    public string Path { get; }

    internal EpochOptions Options { get; }

    internal LadderDeclared Ladder { get; }
}

/// <summary>How an escalation ended: at the top, or stopped below it.</summary>
/// <param name="Summary">What came of it.</param>
/// <param name="Cancelled">Whether somebody ended it.</param>
public sealed record LadderEnd(LadderSummary Summary, bool Cancelled);
