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

    /// <summary>
    /// Everything that is wrong with a ladder or a plan on it; empty when it could be climbed. Writes and starts nothing.
    /// </summary>
    public static IReadOnlyList<InputProblem> Preflight(string ladderPath, EpochOptions options) => Load(ladderPath, options).Problems;

    /// <summary>Climbs a ladder; one that was interrupted or cancelled goes on.</summary>
    /// <param name="ladderPath">The document.</param>
    /// <param name="autonomous">Repeat a failed rung up to its attempts.</param>
    /// <param name="maxEpochs">The most epochs to run; null: as many as the attempts allow.</param>
    /// <param name="options">How the epochs are run.</param>
    /// <param name="cancel">Ends what is under way and records it.</param>
    public async Task<LadderRun> RunAsync(string ladderPath, bool autonomous, int? maxEpochs, EpochOptions options, CancellationToken cancel)
    {
        var loaded = Load(ladderPath, options);
        if (!loaded.IsValid) return new LadderRun.Refused(loaded.Problems);
        var ladder = loaded.Value with { Autonomous = autonomous, MaxEpochs = maxEpochs };
        await WorkspaceTables.ReadyAsync(workspace);
        var stream = StreamName.Of(LadderLane.LaneName, ladder.LadderId);
        var isNew = await workspace.Store.FindAsync(stream) is null;
        Command command = isNew ? new DeclareLadder(ladder) : new ResumeLadder(ladder.LadderSha256);
        if ((await new CommandHandler(workspace, time).SubmitAsync(LadderLane.Instance, stream, command)).Decision is Decision.Refused refused)
        {
            return Refused(ladderPath, refused.Refusal);
        }

        await using var engine = await AssayEngine.StartAsync(workspace, time);
        using var watching = observer is null ? null : engine.Watch(observer);
        engine.OnChild((child, stop) => RunChildAsync(child, options, stop));
        return await engine.RunAsync(LadderLane.Instance, stream, 1, cancel) switch
        {
            RunResult.Finished finished => Ended((LadderState)finished.State),
            RunResult.Owned owned => Refused(ladderPath, new Refusal(
                KernelRefusals.Busy, $"the ladder is being climbed by process {owned.By.ProcessId} on {owned.By.Host}")),
            var other => throw new InvalidOperationException($"a ladder does not end with {other}"),
        };
    }

    private async Task<StreamAnswer> RunChildAsync(RunChild child, EpochOptions options, CancellationToken stop)
    {
        var prepared = EpochRunner.Prepare(child.Document, options with { Resume = true, AutoBump = false, EpochId = child.ChildId });
        var run = prepared.IsValid ? await new EpochRunner(workspace, time, observer).RunAsync(prepared.Value, stop) : new EpochRun.Refused(prepared.Problems);
        return run switch
        {
            EpochRun.Ended ended => new EpochAnswer(ended.Summary.EpochVerdict, ended.Reason, ended.Summary.CountsForGates),
            EpochRun.Refused refused => new NoAnswer(refused.Problems[0].ToString()),
            EpochRun.Busy busy => new NoAnswer($"process {busy.By.ProcessId} runs it"),
            var other => throw new InvalidOperationException($"unknown result {other}"),
        };
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

    private static LadderRun.Refused Refused(string ladderPath, Refusal refusal) =>
        new([new InputProblem(ladderPath, "", refusal.Kind.Code, refusal.Text)]);

    private static LadderRun.Ended Ended(LadderState state)
    {
        var finished = state.Finished!;
        return new LadderRun.Ended(
            new LadderSummary(state.Declared!.LadderId, finished.Reached, finished.Reason, state.Attempts), finished.Cancelled);
    }
}

/// <summary>How an escalation ended.</summary>
public abstract record LadderRun
{
    private LadderRun()
    {
    }

    /// <summary>It reached the top or stopped below it.</summary>
    /// <param name="Summary">What came of it.</param>
    /// <param name="Cancelled">Whether somebody ended it.</param>
    public sealed record Ended(LadderSummary Summary, bool Cancelled) : LadderRun;

    /// <summary>Nothing was started.</summary>
    public sealed record Refused(IReadOnlyList<InputProblem> Problems) : LadderRun;
}
