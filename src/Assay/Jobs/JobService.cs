using System.Collections.Immutable;
using System.Text.Json;
using Assay.Access;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;
using Assay.Ledger;
using Assay.Observe;

namespace Assay.Jobs;

/// <summary>Jobs of one workspace, for a command line, an API and pages: what people ask for, and what they see.</summary>
public sealed class JobService
{
    /// <summary>The document that identifies a job.</summary>
    internal const string Spec = JobDocumentNames.Spec;

    private const string ListFewer = "list fewer files in components.json";

    private readonly Workspace _workspace;
    private readonly TimeProvider _time;
    private readonly CommandHandler _commands;

    private JobService(Workspace workspace, TimeProvider time) =>
        (_workspace, _time, _commands) = (workspace, time, new CommandHandler(workspace, time));

    /// <summary>Runs, as they may be shown.</summary>
    public DossierReader Runs => new(_workspace);

    /// <summary>The trials, and the cards of those that passed.</summary>
    public RegistryReader Registry => new(_workspace.Store);

    /// <summary>Opens the service of a workspace.</summary>
    public static async Task<JobService> OpenAsync(Workspace workspace, TimeProvider time)
    {
        await WorkspaceTables.ReadyAsync(workspace);
        return new JobService(workspace, time);
    }

    /// <summary>Checks a blueprint with everything it refers to. Nothing is written.</summary>
    /// <param name="blueprint">The document.</param>
    /// <param name="snapshotId">The data snapshot.</param>
    /// <param name="bundlePath">The policy bundle.</param>
    /// <param name="options">Components and job root.</param>
    /// <param name="by">Who asks.</param>
    public static Checked<PreparedJob> Prepare(InputDocument blueprint, string? snapshotId, string bundlePath, JobOptions options, Caller by) =>
        PreparedJob.Of(bundlePath, bundle => JobLoader.Blueprint(blueprint, snapshotId, bundle, options, by.Actor));

    /// <summary>Checks an idea with everything it refers to. Nothing is written.</summary>
    public static Checked<PreparedJob> PrepareIdea(InputDocument idea, string? snapshotId, string bundlePath, JobOptions options, Caller by) =>
        PreparedJob.Of(bundlePath, bundle => JobLoader.Idea(idea, snapshotId, bundle, options, by.Actor));

    /// <summary>The same for either, by what the document says that it is.</summary>
    public static Checked<PreparedJob> PrepareAny(
        InputDocument document, string? snapshotId, string bundlePath, JobOptions options, Caller by) =>
        DocumentFile.VersionOf(document) == JobLoader.IdeaVersion
            ? PrepareIdea(document, snapshotId, bundlePath, options, by)
            : Prepare(document, snapshotId, bundlePath, options, by);

    /// <summary>The states that a job can be in, as lists name them.</summary>
    public static IReadOnlyCollection<string> States => JobTables.StateWords;

    /// <summary>What a job can start from, as lists name it.</summary>
    public static IReadOnlyCollection<string> Kinds => WireName<JobKind>.All;

    /// <summary>The steps that wait for a person.</summary>
    public static IReadOnlyCollection<string> Checkpoints => JobWorkflow.Checkpoints;

    /// <summary>The stream of a job; null when that is no job's id.</summary>
    public static StreamName? StreamOf(string jobId) => JobIdentity.IsShortId(jobId) ? JobLane.StreamOf(jobId) : null;

    /// <summary>The id of the policy bundle in a file; null when it is no valid bundle.</summary>
    public static string? BundleId(string path) => JobLoader.ReadBundle(path) is { IsValid: true } bundle ? bundle.Value.Reference.Id : null;

    /// <summary>Why a file cannot be read as components, whatever this host can hold of them.</summary>
    public static IReadOnlyList<InputProblem> ComponentsProblems(string path) => DocumentFile.Read(path, ComponentsLoader.Version).Problems;

    /// <summary>Why a place cannot have the policy bundles of a server: it is neither a folder nor a bundle.</summary>
    public static IReadOnlyList<InputProblem> PolicyProblems(string place) => Directory.Exists(place) ? [] : JobLoader.ReadBundle(place).Problems;

    /// <summary>Reads a document from a file, without looking at what it says.</summary>
    public static Checked<InputDocument> ReadDocument(string path) => DocumentFile.ReadAny(path).Document;

    /// <summary>Submits what was prepared. The same again gives the same job.</summary>
    public async Task<Answer<JobReceipt>> SubmitAsync(PreparedJob prepared)
    {
        var job = prepared.Job;
        try
        {
            var (decision, state) = await _commands.SubmitAsync(JobLane.Instance, JobLane.StreamOf(job.Job.JobId), new SubmitJob(job));
            return decision switch
            {
                Decision.Accepted { Events.Count: 0 } =>
                    Answer<JobReceipt>.Given(job.Job.JobId, JobViews.Existing((JobState)state, job.Job)),
                Decision.Accepted => Done(job.Job.JobId, JobReceipt.Created),
                Decision.Refused refused => Answer<JobReceipt>.Refused(job.Job.JobId, refused.Refusal),
                _ => throw new InvalidOperationException($"unknown decision {decision}"),
            };
        }
        catch (EventTooLargeException e)
        {
            return Answer<JobReceipt>.Refused(job.Job.JobId, KernelRefusals.TooLarge, $"{e.Message}: {ListFewer}");
        }
    }

    public Task<Answer<JobReceipt>> ApproveAsync(string jobId, string step, Digest sha256, Caller by, string? reason) =>
        DecideAsync(jobId, by, () => PutAsync(jobId, new ApproveStep(step, sha256, by.Actor, reason), reason));

    /// <summary>Turns a document down, for a reason.</summary>
    public Task<Answer<JobReceipt>> RejectAsync(string jobId, string step, Digest sha256, Caller by, string? reason, byte[]? replacement) =>
        DecideAsync(jobId, by, () => string.IsNullOrWhiteSpace(reason)
            ? Task.FromResult(Answer<JobReceipt>.Refused(jobId, Said.NoRejectionReason))
            : RejectAsync(jobId, new RejectStep(step, sha256, by.Actor, reason, Bytes(replacement))));

    private async Task<Answer<JobReceipt>> RejectAsync(string jobId, RejectStep reject)
    {
        var job = reject.Replacement is null ? null : await FindAsync(jobId);
        var own = job is null ? null : OwnContractRule.OfCheckpoint(job, reject.Step);
        var text = own is null ? null : await _workspace.Store.ReadBlobAsync(own.Sha256);
        return await PutAsync(jobId, reject with { Contract = Bytes(text) }, reject.Reason);
    }

    private static ReadOnlyMemory<byte>? Bytes(byte[]? bytes) => bytes is null ? (ReadOnlyMemory<byte>?)null : bytes;

    public Task<Answer<JobReceipt>> CancelAsync(string jobId, Caller by, string? reason) => PutAsync(jobId, new CancelJob(by.Actor, reason), reason);

    /// <summary>Lets a failed stage be tried again, with the components as they are now.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="by">Who.</param>
    /// <param name="reason">Why.</param>
    /// <param name="options">Where the components are; null: they stay as they were bound.</param>
    public Task<Answer<JobReceipt>> RetryAsync(string jobId, Caller by, string? reason, JobOptions? options) =>
        DecideAsync(jobId, by, () => RetryAsync(jobId, by.Actor, reason, options));

    private async Task<Answer<JobReceipt>> RetryAsync(string jobId, Actor by, string? reason, JobOptions? options)
    {
        if (await FindAsync(jobId) is not { } job) return Answer<JobReceipt>.Refused(jobId, Absent.Job(jobId));
        var (components, problem) = Bind(job, options);
        return problem is null
            ? await PutAsync(jobId, new RetryJob(by, reason, components), reason)
            : Answer<JobReceipt>.Refused(jobId, problem);
    }

    /// <summary>Runs a job that is done again, as a job of its own with approvals of its own.</summary>
    /// <param name="jobId">The job that is done.</param>
    /// <param name="by">Who.</param>
    /// <param name="reason">Why; it stands in the lineage of the new job.</param>
    /// <param name="options">Where the components are; null: they stay as they were bound.</param>
    public Task<Answer<JobReceipt>> RerunAsync(string jobId, Caller by, string? reason, JobOptions? options) =>
        DecideAsync(jobId, by, () => RerunAsync(jobId, by.Actor, reason, options));

    private async Task<Answer<JobReceipt>> RerunAsync(string jobId, Actor by, string? reason, JobOptions? options)
    {
        if (await FindAsync(jobId) is not { } job) return Answer<JobReceipt>.Refused(jobId, Absent.Job(jobId));
        var (components, problem) = Bind(job, options);
        if (problem is not null) return Answer<JobReceipt>.Refused(jobId, problem);
        using var spec = JsonDocument.Parse(await _workspace.Store.ReadBlobAsync(job.Job.Spec.Sha256));
        return await PutAsync(
            jobId, new RerunJob(spec.RootElement, by, reason, components), reason,
            state => new JobReceipt(state.Reruns[^1].Job.JobId, JobReceipt.Rerun));
    }

    /// <summary>The components as they are now; null: as they were bound.</summary>
    private static (ImmutableSortedDictionary<string, ComponentBinding>? Components, InputProblem? Problem) Bind(
        JobState job, JobOptions? options)
    {
        if (options is null) return (null, null);
        var loaded = JobLoader.Components(job.Job.Kind, options);
        return loaded.IsValid ? (loaded.Value, null) : (null, loaded.Problems[0]);
    }

    /// <summary>Makes a job of a blueprint, as a child of a job that is done.</summary>
    /// <param name="jobId">The parent.</param>
    /// <param name="blueprint">The blueprint; null: the proposal's.</param>
    /// <param name="proposalId">One of the parent's proposals.</param>
    /// <param name="by">Who.</param>
    public Task<Answer<JobReceipt>> SpawnAsync(string jobId, InputDocument? blueprint, string? proposalId, Caller by) =>
        DecideAsync(jobId, by, () => SpawnAsync(jobId, blueprint, proposalId, by.Actor));

    private async Task<Answer<JobReceipt>> SpawnAsync(string jobId, InputDocument? blueprint, string? proposalId, Actor by)
    {
        if (await FindAsync(jobId) is not { } parent) return Answer<JobReceipt>.Refused(jobId, Absent.Job(jobId));
        ChildJob child;
        var documents = new List<Blob>();
        if (blueprint is not null)
        {
            var valid = ContractCatalog.Check(blueprint, "blueprint_v1");
            if (!valid.IsValid) return Answer<JobReceipt>.Refused(jobId, JobRefusals.Contract, string.Join("; ", valid.Problems));
            if (PolicyRule.Override(blueprint.Root, parent.Job.PolicyNames) is { } pointer)
            {
                return Answer<JobReceipt>.Refused(jobId, new Refusal(JobRefusals.PolicyOverride, Said.PolicyOverride, pointer));
            }

            child = DocumentRule.Child(parent.Job, blueprint.Root, null, documents);
        }
        else if (parent.Proposals.FirstOrDefault(p => p.ProposalId == proposalId) is { } proposal)
        {
            child = proposal;
        }
        else
        {
            return Answer<JobReceipt>.Refused(jobId, JobRefusals.Proposal, NoProposal(parent, proposalId));
        }

        var before = parent.Stopped;
        var answer = await PutAsync(jobId, new SpawnJob(child, documents, by));
        if (answer.Refusal is not null) return answer;
        return (await FindAsync(jobId))!.Stopped is { } stopped && stopped != before
            ? Answer<JobReceipt>.Refused(jobId, JobRefusals.StoppedBudget, $"{stopped.Reason} is {stopped.Limit}: nothing was spawned")
            : Done(child.JobId, JobReceipt.Spawned);
    }

    /// <summary>Why nothing is spawned of a proposal that the job does not have; null: none was named.</summary>
    private static string NoProposal(JobState parent, string? proposalId)
    {
        var known = string.Join(", ", parent.Proposals.Select(p => p.ProposalId));
        var advice = known.Length == 0 ? "it has none, so give a blueprint" : $"give a blueprint, or one of {known}";
        return proposalId is null ? $"name either a proposal of the job or a blueprint: {advice}" : $"the job has no proposal {proposalId}: {advice}";
    }

    /// <summary>A job's state, or null when there is no such job.</summary>
    internal async Task<JobState?> FindAsync(string jobId) =>
        JobIdentity.IsShortId(jobId) && await _workspace.Store.FindAsync(JobLane.StreamOf(jobId)) is { } info
            ? (JobState)(await StreamLoad.OfAsync(_workspace.Store, JobLane.Instance, info.Stream)).State
            : null;

    /// <summary>A job as people see it, or null when there is no such job.</summary>
    public async Task<JobView?> ViewAsync(string jobId)
    {
        if (!JobIdentity.IsShortId(jobId) || await _workspace.Store.FindAsync(JobLane.StreamOf(jobId)) is null) return null;
        var machine = await StreamLoad.OfAsync(_workspace.Store, JobLane.Instance, JobLane.StreamOf(jobId));
        return await ViewAsync(machine);
    }

    private async Task<JobView> ViewAsync(StreamMachine machine)
    {
        var state = (JobState)machine.State;
        var living = await LivingEngines.LookAsync(_workspace.Store);
        var summary = await SummaryAsync((await _workspace.Store.RowAsync(JobTables.Jobs, state.Job.JobId))!, living);
        return JobViews.Of(
            state, summary, machine.Head.Version, living.Lost(machine), FileOf(state.Job.Bundle), await StderrAsync(state));
    }

    /// <summary>The last lines of the stage that failed, as far as they may be shown; null: none.</summary>
    private async ValueTask<ImmutableArray<string>?> StderrAsync(JobState state)
    {
        if (state.Failure is not { } failure) return null;
        if (failure.Stage == JobStages.Run) return await Runs.StderrAsync(JobEffects.RunId(state));
        var secrets = Secrets.OfVariables(state.Job.Components.GetValueOrDefault(failure.Stage)?.Inherit ?? []);
        return await new StderrTail(_workspace, secrets).ReadAsync(state.Job.JobRoot, StderrRule.Of(state));
    }

    /// <summary>The events of a job behind a version.</summary>
    public async Task<IReadOnlyList<JobEventView>> EventsAsync(string jobId, long afterVersion)
    {
        if (!JobIdentity.IsShortId(jobId)) return [];
        var fold = new JobEventFold(_workspace.Store, jobId);
        var events = await fold.AllAsync();
        return [.. events.Where(e => e.Version > afterVersion)];
    }

    /// <summary>A job with its gates and events, from one fold; null when there is no such job.</summary>
    internal async Task<JobDetail?> DetailAsync(string jobId)
    {
        if (await VersionOfAsync(jobId) == 0) return null;
        var fold = new JobEventFold(_workspace.Store, jobId);
        var events = await fold.AllAsync();
        var view = await ViewAsync(fold.Machine);
        return new JobDetail(view, await Runs.GatesAsync((JobState)fold.Machine.State), events);
    }

    /// <summary>The bytes of a version of one of a job's documents; null when the job has no such document.</summary>
    /// <param name="job">The job.</param>
    /// <param name="name">The document.</param>
    /// <param name="version">Its version; null: the one in force.</param>
    public async Task<byte[]?> DocumentAsync(JobView job, string name, int? version = null) =>
        job.Documents.FirstOrDefault(d => d.Name == name && (version is null ? d.InForce : d.Version == version)) is { } document
            ? await _workspace.Store.ReadBlobAsync(Digest.Parse(document.Sha256))
            : null;

    /// <summary>The version of a job's last event; 0 when there is no such job.</summary>
    public async Task<long> VersionOfAsync(string jobId) =>
        JobIdentity.IsShortId(jobId) ? (await _workspace.Store.FindAsync(JobLane.StreamOf(jobId)))?.Head.Version ?? 0 : 0;

    /// <summary>A page of jobs.</summary>
    /// <param name="filter">Which, and in which order.</param>
    /// <param name="after">The last job of the page before (<see cref="JobFilter.PlaceOf"/>); null: from the beginning.</param>
    /// <param name="limit">The most jobs.</param>
    public async Task<IReadOnlyList<JobSummary>> ListAsync(JobFilter filter, (string At, string JobId)? after, int limit)
    {
        var query = new RowQuery(JobTables.Jobs, filter.Column, limit)
        {
            Descending = !filter.IsAscending,
            After = after,
            Where = filter.Where,
        };
        var living = await LivingEngines.LookAsync(_workspace.Store);
        var jobs = new List<JobSummary>();
        foreach (var row in await _workspace.Store.RowsAsync(query)) jobs.Add(await SummaryAsync(row, living));
        return jobs;
    }

    /// <summary>The family of a job: all that have the same root.</summary>
    public async Task<IReadOnlyList<JobSummary>> FamilyAsync(string rootJobId, int limit)
    {
        var query = new RowQuery(JobTables.Jobs, "submitted_at", limit) { Where = [("root_job_id", rootJobId)] };
        return [.. (await _workspace.Store.RowsAsync(query)).Select(JobSummary.Of)];
    }

    /// <summary>How many jobs are in each state.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountsAsync() => await _workspace.Store.CountRowsAsync(JobTables.Jobs, "state");

    /// <summary>A job as its row has it. Between a worker's death and the next one's look the row says that it runs.</summary>
    private static async ValueTask<JobSummary> SummaryAsync(LaneRow row, LivingEngines living)
    {
        var summary = JobSummary.Of(row);
        var isLeft = summary.State == JobTables.Running && await living.LeftAsync(JobLane.StreamOf(row.Key));
        return isLeft ? summary with { State = JobSummary.Interrupted } : summary;
    }

    /// <summary>Whether a bundle's file still says what it said. What was read stays in force either way.</summary>
    private static string FileOf(PolicyBundleRef bundle)
    {
        var (isThere, sha256) = DocumentFile.Sha256(bundle.Path);
        return !isThere ? "missing" : sha256 == bundle.Sha256 ? "unchanged" : "changed";
    }

    private Task<Answer<JobReceipt>> DecideAsync(string jobId, Caller by, Func<Task<Answer<JobReceipt>>> put) =>
        DecisionRule.Problem(by) is { } no ? Task.FromResult(Answer<JobReceipt>.Refused(jobId, no)) : put();

    private static Answer<JobReceipt> Done(string jobId, string status) => Answer<JobReceipt>.Given(jobId, new JobReceipt(jobId, status));

    private async Task<Answer<JobReceipt>> PutAsync(
        string jobId, Command command, string? reason = null, Func<JobState, JobReceipt>? receipt = null)
    {
        if (await VersionOfAsync(jobId) == 0) return Answer<JobReceipt>.Refused(jobId, Absent.Job(jobId));
        if (ReasonRule.Problem(reason) is { } problem) return Answer<JobReceipt>.Refused(jobId, problem);
        try
        {
            var (decision, state) = await _commands.SubmitAsync(JobLane.Instance, JobLane.StreamOf(jobId), command);
            if (decision is Decision.Refused refused) return Answer<JobReceipt>.Refused(jobId, refused.Refusal);
            var told = receipt?.Invoke((JobState)state) ?? new JobReceipt(jobId, JobTables.StateWord((JobState)state));
            return Answer<JobReceipt>.Given(jobId, told);
        }
        catch (EventTooLargeException e)
        {
            return Answer<JobReceipt>.Refused(jobId, KernelRefusals.TooLarge, $"{e.Message}: {ListFewer}");
        }
    }
}

/// <summary>A job with its gates and events.</summary>
internal sealed record JobDetail(JobView View, ImmutableArray<GateView> Gates, IReadOnlyList<JobEventView> Events);
