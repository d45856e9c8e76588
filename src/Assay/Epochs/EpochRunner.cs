using System.Text.Json.Serialization;
using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;
using Assay.Ledger;

namespace Assay.Epochs;

/// <summary>Runs epochs in one workspace.</summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Is told what happens while it happens.</param>
/// <param name="begun">Is told which epoch it is, before anything of it runs.</param>
public sealed class EpochRunner(
    Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null, Action<BegunRun>? begun = null)
{
    private const string Doing = "run";

    /// <summary>Reads a plan and everything it names, once, and checks it against this host. Writes and starts nothing.</summary>
    public static Checked<PreparedEpoch> Prepare(string planPath, EpochOptions options) => EpochLoader.Load(planPath, options, HostCapabilities.Detect());

    /// <summary>Runs a prepared plan to its verdict.</summary>
    /// <exception cref="IOException">There is a verdict, and a file of its evidence could not be written.</exception>
    public async Task<Answer<EpochEnd>> RunAsync(PreparedEpoch epoch, CancellationToken cancel)
    {
        await WorkspaceTables.ReadyAsync(workspace);
        await using var engine = await AssayEngine.StartAsync(workspace, time);
        var receipt = await BeginAsync(epoch, engine.Session.Identity.Id);
        if (!receipt.IsGiven) return Answer<EpochEnd>.Refused(receipt.Subject, receipt.Refusal);
        var id = receipt.Value.EpochId;
        var hasVerdict = epoch.Options.Resume && await new EpochReader(workspace).ShowAsync(id) is { Standing: null };
        begun?.Invoke(new BegunRun(id, receipt.Value.BumpedFrom, hasVerdict));
        return await AdvanceAsync(engine, id, epoch, cancel);
    }

    /// <summary>Leaves a prepared plan to whichever worker of the workspace comes first.</summary>
    public async Task<Answer<EpochReceipt>> SubmitAsync(PreparedEpoch epoch)
    {
        await WorkspaceTables.ReadyAsync(workspace);
        return await BeginAsync(epoch, firstOwner: null);
    }

    /// <summary>Declares an epoch, or lets one go on.</summary>
    private async Task<Answer<EpochReceipt>> BeginAsync(PreparedEpoch epoch, string? firstOwner)
    {
        var names = RunNames.Of(workspace, epoch.Epoch);
        for (; ; )
        {
            var begin = epoch.Options.Resume ? await ResumeAsync(epoch, names) : await DeclareAsync(epoch, names);
            if (begin.Problem is { } taken) return Answer<EpochReceipt>.Refused(epoch.PlanPath, EpochRefusals.EpochExists, taken);
            if (epoch.Options.Resume && await OwnerOfAsync(begin.Id) is { } owner) return Answer<EpochReceipt>.Refused(begin.Id, Said.Busy(Doing, owner));
            switch (await PutAsync(EpochLane.StreamOf(begin.Id), begin.Command!, firstOwner))
            {
                // Another process took the id in the meantime: the next free one is tried.
                case Decision.Refused refused when epoch.Options.AutoBump && refused.Refusal.Kind == EpochRefusals.EpochExists:
                    continue;
                case Decision.Refused refused:
                    return Answer<EpochReceipt>.Refused(epoch.PlanPath, refused.Refusal);
            }

            return Answer<EpochReceipt>.Given(begin.Id, new EpochReceipt(begin.Id, (begin.Command as DeclareEpoch)?.Epoch.BumpedFrom));
        }
    }

    /// <summary>The engine that works on an epoch now, into which nobody else must write.</summary>
    private async ValueTask<WorkerSession?> OwnerOfAsync(string epochId)
    {
        var stream = EpochLane.StreamOf(epochId);
        if (!await (await LivingEngines.LookAsync(workspace.Store)).OwnAsync(stream)) return null;
        var owner = (await workspace.Store.FindAsync(stream))?.Owner;
        return (await workspace.Store.SessionsAsync()).FirstOrDefault(s => s.Id == owner);
    }

    /// <summary>A new epoch under the plan's id, or the next free one.</summary>
    private static async ValueTask<FirstStep> DeclareAsync(PreparedEpoch epoch, RunNames names)
    {
        var own = epoch.Epoch.EpochId;
        var id = await names.FreeAsync();
        if (id == own || epoch.Options.AutoBump) return new FirstStep(id, new DeclareEpoch(epoch.Epoch.As(id), epoch.Crucibles), null);
        const string advice = "leave out --no-auto-bump, use --resume, or give the plan another epoch_id";
        return new FirstStep(own, null, $"the epoch {own} has run already: {advice}");
    }

    /// <summary>The plan's epoch that was interrupted or cancelled; a new one when it has none.</summary>
    private static async ValueTask<FirstStep> ResumeAsync(PreparedEpoch epoch, RunNames names)
    {
        if (await names.ToResumeAsync() is { } id) return new FirstStep(id, new ResumeEpoch(epoch.Epoch, epoch.Crucibles), null);
        var own = epoch.Epoch.EpochId;
        if (!await names.IsTakenAsync(own)) return await DeclareAsync(epoch, names);
        const string advice = "move the folder away, or run without --resume";
        return new FirstStep(own, null, $"{EpochPaths.Folder(epoch.Epoch)} exists, but the ledger knows no such epoch: {advice}");
    }

    private async Task<Decision> PutAsync(StreamName stream, Command command, string? firstOwner)
    {
        try
        {
            return (await new CommandHandler(workspace, time).SubmitAsync(EpochLane.Instance, stream, command, firstOwner)).Decision;
        }
        catch (EventTooLargeException e)
        {
            return Decision.Refuse(KernelRefusals.TooLarge, $"{e.Message}: move long prompts into input files, or split the crucible");
        }
    }

    private async Task<Answer<EpochEnd>> AdvanceAsync(AssayEngine engine, string epochId, PreparedEpoch epoch, CancellationToken cancel)
    {
        FileNotWritten? missing = null;
        using var watching = engine.Watch(notice =>
        {
            if (notice is FileNotWritten file) missing ??= file;
            observer?.Invoke(notice);
        });
        var stream = EpochLane.StreamOf(epochId);
        return await engine.RunAsync(EpochLane.Instance, stream, epoch.Options.Jobs, cancel) switch
        {
            RunResult.Owned owned => Answer<EpochEnd>.Refused(epochId, Said.Busy(Doing, owned.By)),
            RunResult.Finished when missing is not null && await IsBehindAsync(stream) => throw new IOException(
                $"{epochId} has its verdict, but {missing.Path} could not be written: {missing.Reason}; "
                + "put that right, and --resume writes it from the ledger"),
            RunResult.Finished finished => Answer<EpochEnd>.Given(epochId, Ended((EpochState)finished.State)),
            RunResult.Waiting waiting => throw new InvalidOperationException($"the epoch waits for {waiting.For.For}"),
            var other => throw new InvalidOperationException($"unknown result {other}"),
        };
    }

    private async ValueTask<bool> IsBehindAsync(StreamName stream) =>
        await workspace.Store.FindAsync(stream) is { } info && info.MirroredTo < info.Head.Version;

    private static EpochEnd Ended(EpochState state) => new(EpochFiles.Summary(state), state.Finished!.Reason);

    /// <summary>Which epoch to begin with which command, or why not.</summary>
    private sealed record FirstStep(string Id, Command? Command, string? Problem);
}

/// <summary>How a run of a plan ended.</summary>
/// <param name="Summary">The summary, as it is in the record.</param>
/// <param name="Reason">Why it ended early; null: it did not.</param>
public sealed record EpochEnd(EpochSummary Summary, EndReason? Reason);

/// <summary>Which run of a plan or a ladder it is.</summary>
/// <param name="Id">Its id: that of the document, or the next free one.</param>
/// <param name="BumpedFrom">The document's own id when that was taken; null: it was not.</param>
/// <param name="HasEnded">Whether it was to go on and has ended already, so that nothing runs.</param>
public sealed record BegunRun(string Id, string? BumpedFrom, bool HasEnded);

/// <summary>An epoch was begun.</summary>
/// <param name="EpochId">Its id: the plan's own, or the next free one.</param>
/// <param name="BumpedFrom">The plan's own id when that was taken; null: it was not.</param>
public sealed record EpochReceipt(
    string EpochId, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? BumpedFrom);
