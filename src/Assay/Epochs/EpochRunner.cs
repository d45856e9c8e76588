using Assay.Engine;
using Assay.Engine.Workspaces;
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
public sealed class EpochRunner(Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null)
{
    /// <summary>Reads a plan and everything it names, once, and checks it against this host. Writes and starts nothing.</summary>
    public static Checked<PreparedEpoch> Prepare(string planPath, EpochOptions options) => EpochLoader.Load(planPath, options, HostCapabilities.Detect());

    /// <summary>Runs a prepared plan to its verdict.</summary>
    public async Task<EpochRun> RunAsync(PreparedEpoch epoch, CancellationToken cancel)
    {
        var options = epoch.Options;
        await workspace.Store.DeclareTablesAsync(EpochLane.Instance.Tables);
        EpochRun.Refused Refused(string rule, string message) => new([new InputProblem(epoch.PlanPath, "", rule, message)]);

        var names = new EpochNames(workspace, epoch.Epoch);
        string? bumpedFrom = null;
        for (; ; )
        {
            var id = options.Resume ? names.ToResume() : epoch.Epoch.EpochId;
            if (id is null && names.IsTaken(epoch.Epoch.EpochId))
            {
                return Refused("epoch_exists", $"{EpochPaths.Folder(epoch.Epoch.EpochId)} exists, but the ledger knows no such epoch: move the folder away, or run without --resume");
            }

            Command command;
            if (id is not null && options.Resume)
            {
                command = new ResumeEpoch(epoch.Epoch, epoch.Crucibles);
            }
            else
            {
                id = epoch.Epoch.EpochId;
                if (names.IsTaken(id))
                {
                    if (!options.AutoBump) return Refused("epoch_exists", $"the epoch {id} has run already: leave out --no-auto-bump, use --resume, or give the plan another epoch_id");
                    (bumpedFrom, id) = (id, names.NextFree());
                }

                command = new DeclareEpoch(epoch.Epoch with { EpochId = id }, epoch.Crucibles);
            }

            switch (await SubmitAsync(EpochLane.StreamOf(id), command))
            {
                // Another process took the id in the meantime: the next free one is tried.
                case Decision.Refused { Rule: "epoch_exists" } when options.AutoBump:
                    continue;
                case Decision.Refused refused:
                    return Refused(refused.Rule, refused.Message);
            }

            return await AdvanceAsync(id, options, bumpedFrom, cancel);
        }
    }

    /// <summary>The summary of an epoch as the ledger has it, or null when there is no such epoch.</summary>
    public EpochSummary? Show(string epochId) =>
        StreamName.IsId(epochId) && workspace.Store.Find(EpochLane.StreamOf(epochId)) is { } info
            ? EpochFiles.Summary((EpochState)AssayEngine.Load(workspace.Store, EpochLane.Instance, info.Stream).State)
            : null;

    private async Task<Decision> SubmitAsync(StreamName stream, Command command)
    {
        try
        {
            return await AssayEngine.SubmitAsync(workspace.Store, EpochLane.Instance, stream, command, time.GetUtcNow());
        }
        catch (EventTooLargeException e)
        {
            return Decision.Refuse("too_large", $"{e.Message}: move long prompts into input files, or split the crucible");
        }
    }

    private async Task<EpochRun> AdvanceAsync(string epochId, EpochOptions options, string? bumpedFrom, CancellationToken cancel)
    {
        await using var engine = await AssayEngine.StartAsync(workspace, time);
        if (observer is not null) engine.Observer = observer;
        return await engine.RunAsync(EpochLane.Instance, EpochLane.StreamOf(epochId), options.Jobs, cancel) switch
        {
            RunResult.Owned owned => new EpochRun.Busy(epochId, owned.By),
            RunResult.Finished finished => Ended((EpochState)finished.State, bumpedFrom),
            RunResult.Waiting waiting => throw new InvalidOperationException($"the epoch waits for {waiting.For.For}"),
            var other => throw new InvalidOperationException($"unknown result {other}"),
        };
    }

    private static EpochRun.Ended Ended(EpochState state, string? bumpedFrom) =>
        new(EpochFiles.Summary(state), VerdictRule.ExitCode(state.Finished!.Verdict, state.Finished.Reason), bumpedFrom);
}

/// <summary>How a run of a plan ended.</summary>
public abstract record EpochRun
{
    private EpochRun()
    {
    }

    /// <summary>There is a verdict.</summary>
    /// <param name="Summary">The summary, as it is in the record.</param>
    /// <param name="ExitCode">What the command line answers.</param>
    /// <param name="BumpedFrom">The plan's own id when it was taken.</param>
    public sealed record Ended(EpochSummary Summary, int ExitCode, string? BumpedFrom) : EpochRun;

    /// <summary>Nothing was started, and nothing was written.</summary>
    public sealed record Refused(IReadOnlyList<InputProblem> Problems) : EpochRun;

    /// <summary>Another process is running this epoch.</summary>
    public sealed record Busy(string EpochId, WorkerSession By) : EpochRun;
}
