using System.Collections.Concurrent;
using System.Collections.Immutable;
using Assay.Engine;
using Assay.Engine.Workspaces;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger;

namespace Assay.Jobs;

/// <summary>What a worker did: the jobs it advanced, and where each stands now.</summary>
public sealed record WorkerReport(ImmutableArray<WorkerJob> Jobs);

/// <summary>A job that a worker let go.</summary>
public sealed record WorkerJob(string JobId, string State, string? Step, string? Message);

/// <summary>Advances the jobs of a workspace. Any number of workers share them: each job has one owner at a time.</summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="concurrency">How many jobs at once.</param>
/// <param name="onLetGo">Is told of each job that was advanced until it waits or has ended.</param>
public sealed class JobWorker(Workspace workspace, TimeProvider time, int concurrency, Action<WorkerJob> onLetGo)
{
    /// <summary>What is reported of a job that the engine could not advance; it is tried again after a while.</summary>
    public const string NotAdvanced = "NOT_ADVANCED";

    /// <summary>
    /// What is reported of a job whose record is whole and one of whose files could not be written; it is written when the job is next
    /// advanced.
    /// </summary>
    public const string FileMissing = "FILE_NOT_WRITTEN";

    /// <summary>What a stream folds to could not be kept, so opening it takes longer.</summary>
    public const string FoldMissing = "FOLD_NOT_KEPT";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<Task, StreamName> _running = [];
    private readonly ConcurrentQueue<EngineTrouble> _troubles = new();

    /// <summary>Works until there is nothing to do, or for ever.</summary>
    /// <param name="once">Leave when every job waits or has ended.</param>
    /// <param name="drain">Start nothing more, let what is under way come to its end, and leave.</param>
    public async Task RunAsync(bool once, CancellationToken drain)
    {
        await WorkspaceTables.ReadyAsync(workspace, time);
        await using var engine = await AssayEngine.StartAsync(workspace, KnownLanes.All, time);
        engine.Observer = notice =>
        {
            if (notice is EngineTrouble trouble) _troubles.Enqueue(trouble);
        };
        while (!drain.IsCancellationRequested && !engine.Session.Lost.IsCancellationRequested)
        {
            await FreeDeadAsync(engine);
            StartDue(engine, drain);
            if (_running.Count == 0 && once) return;
            await Task.WhenAny([.. _running.Keys, Task.Delay(LookEvery, time, drain)]);
            await ReapAsync();
        }

        while (_running.Count > 0)
        {
            await Task.WhenAny(_running.Keys);
            await ReapAsync();
        }

        if (engine.Session.Lost.IsCancellationRequested) throw new LedgerException("this worker could not renew its lease: others own its jobs now");
    }

    /// <summary>What a worker owned that was killed is free at once, without waiting for its lease.</summary>
    private async Task FreeDeadAsync(AssayEngine engine)
    {
        foreach (var session in workspace.Store.Sessions().Where(HostClock.IsGone)) await workspace.Store.CloseSessionAsync(session.Id);
    }

    private void StartDue(AssayEngine engine, CancellationToken drain)
    {
        foreach (var stream in workspace.Store.Due(JobLane.LaneName, engine.Session.Now, concurrency + _running.Count))
        {
            if (_running.Count >= concurrency) return;
            if (_running.ContainsValue(stream)) continue;
            _running.Add(Task.Run(() => AdvanceAsync(engine, stream, drain), CancellationToken.None), stream);
        }
    }

    private async Task ReapAsync()
    {
        while (_troubles.TryDequeue(out var trouble))
        {
            onLetGo(new WorkerJob(trouble.Stream.Id, trouble is FileNotWritten ? FileMissing : FoldMissing, null, trouble.Text));
        }

        foreach (var task in _running.Keys.Where(t => t.IsCompleted).ToList())
        {
            var stream = _running[task];
            _running.Remove(task);
            try
            {
                await task;
            }
            catch (LedgerException e) when (workspace.Store.Find(stream) is not null)
            {
                // Another worker took it over, or it cannot be read: the others go on.
                onLetGo(new WorkerJob(stream.Id, NotAdvanced, null, e.Message));
            }
            catch (Exception e) when (e is not LedgerException)
            {
                onLetGo(new WorkerJob(stream.Id, NotAdvanced, null, e is IOException or UnauthorizedAccessException ? e.Message : $"this is a bug in Assay: {e.Message}"));
            }
        }
    }

    private async Task AdvanceAsync(AssayEngine engine, StreamName stream, CancellationToken drain)
    {
        var state = await engine.RunAsync(JobLane.Instance, stream, concurrency: 1, CancellationToken.None, drain) switch
        {
            RunResult.Finished finished => finished.State,
            RunResult.Waiting waiting => waiting.State,
            RunResult.Drained drained => drained.State,
            RunResult.Owned => null,
            var other => throw new InvalidOperationException($"unknown result {other}"),
        };
        if (state is JobState job)
        {
            onLetGo(new WorkerJob(stream.Id, JobTables.StateWord(job), job.Step, JobTables.Message(job)));
        }
    }
}
