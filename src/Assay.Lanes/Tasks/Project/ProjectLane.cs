using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Records a patch, if it is new, and takes it through some states in turn.</summary>
internal sealed record MovePatch(string ProjectRoot, PatchDeclaration Patch, ImmutableArray<PatchState> Through, string? Reason) : Command;

/// <summary>Asks for a verified patch to be brought into the real tree.</summary>
internal sealed record CommitPatch(string ProjectRoot, PatchDeclaration Patch) : Command
{
    /// <summary>The tree on which it was tested; null in what an earlier build asked for.</summary>
    public TestedTree? Tested { get; init; }
}

/// <summary>A person asks for a patch to be brought into the real tree after all, or again.</summary>
/// <param name="PatchId">The patch.</param>
/// <param name="Merge">Merge it with what files have become.</param>
/// <param name="Untested">Also into a tree on which it was not tested.</param>
/// <param name="By">Who asks.</param>
internal sealed record ApplyPatch(string PatchId, bool Merge, bool Untested, Actor By) : Command;

/// <summary>A person asks for a patch to be taken out of the real tree.</summary>
internal sealed record RollBackPatch(string PatchId, Actor By) : Command;

/// <summary>Publishes the results of a run.</summary>
internal sealed record PublishResults(string ProjectRoot, string RunId, Blob Results) : Command;

internal sealed record ProjectOpened(string Root) : Event;

internal sealed record PatchCreated(PatchDeclaration Patch) : Event;

internal sealed record PatchMoved(string PatchId, PatchState State, string? Reason, Actor? By) : Event
{
    /// <summary>The change that was made, where it was merged; null: the patch's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Digest? Changes { get; init; }

    /// <summary>Whether it came into a tree on which it was not tested.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Untested { get; init; }
}

/// <summary>The real tree is to be changed.</summary>
internal sealed record PatchRequested(string PatchId, PatchState To, bool Merge, Actor By) : Event
{
    /// <summary>The tree on which it was tested, and no other; null: into any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TestedTree? Tested { get; init; }

    /// <summary>Whether it may be another tree than the one on which it was tested.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Untested { get; init; }
}

/// <summary>The real tree was left as it was.</summary>
internal sealed record PatchRefused(string PatchId, string Reason) : Event;

internal sealed record ResultsPublished(string RunId, Digest Sha256, long SizeBytes) : Event;

/// <summary>A patch of a project.</summary>
internal sealed record PatchRecord(PatchDeclaration Patch, PatchState State, string? Reason, DateTimeOffset At)
{
    /// <summary>The tree on which it was tested last; null: it was not, or by an earlier build.</summary>
    public TestedTree? Tested { get; init; }

    /// <summary>The change that is in the tree, where it was merged with what was there; null: the patch's own.</summary>
    public Digest? Made { get; init; }
}

/// <summary>A project, folded from its events.</summary>
internal sealed record ProjectState
{
    public static readonly ProjectState Initial = new();

    /// <summary>Absolute path; null for a stream without events.</summary>
    public string? Root { get; init; }

    [JsonConverter(typeof(OrdinalMap<PatchRecord>))]
    public ImmutableSortedDictionary<string, PatchRecord> Patches { get; init; } = ImmutableSortedDictionary.Create<string, PatchRecord>(StringComparer.Ordinal);

    /// <summary>What is to be done to the real trees, one after the other.</summary>
    public ImmutableList<PatchRequested> Requests { get; init; } = [];

    /// <summary>Why the last request for a patch was refused.</summary>
    [JsonConverter(typeof(OrdinalMap<string>))]
    public ImmutableSortedDictionary<string, string> Refusals { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public ResultsPublished? Results { get; init; }

    /// <summary>Another workspace has the project; null: this one has.</summary>
    public ProjectHandedOver? HandedOver { get; init; }
}

/// <summary>
/// A project: the ledger of all patches that tasks made in it, whatever their run, and the only one that writes into its real trees, one
/// patch after the other (lane document: Tasks, Patch ledger).
/// </summary>
internal sealed class ProjectLane : Lane<ProjectState>
{
    public const string LaneName = "project";

    private const string Untested = "--untested brings it in all the same, and the record shows that";

    public static readonly ProjectLane Instance = new();

    public static StreamName StreamOf(string projectId) => StreamName.Of(LaneName, projectId);

    public override string Name => LaneName;

    public override EventCatalog Events { get; } = EffectEvents.Catalog()
        .Add("PROJECT_OPENED", static () => TaskJson.Default.ProjectOpened)
        .Add("PATCH_CREATED", static () => TaskJson.Default.PatchCreated)
        .Add("PATCH_MOVED", static () => TaskJson.Default.PatchMoved)
        .Add("PATCH_REQUESTED", static () => TaskJson.Default.PatchRequested)
        .Add("PATCH_REFUSED", static () => TaskJson.Default.PatchRefused)
        .Add("RESULTS_PUBLISHED", static () => TaskJson.Default.ResultsPublished)
        .Add("PROJECT_HANDED_OVER", static () => TaskJson.Default.ProjectHandedOver)
        .Add("PROJECT_TAKEN_BACK", static () => TaskJson.Default.ProjectTakenBack);

    public override IReadOnlyList<LaneTable> Tables => PatchTables.All;

    public override ProjectState Initial => ProjectState.Initial;

    public override JsonTypeInfo<ProjectState> StateType => TaskStateJson.Default.ProjectState;

    public override ProjectState Evolve(ProjectState state, RecordedEvent recorded) => recorded.Body switch
    {
        ProjectOpened opened => state with { Root = opened.Root },
        PatchCreated created => state with { Patches = state.Patches.SetItem(created.Patch.PatchId, new PatchRecord(created.Patch, PatchState.Created, null, recorded.At)) },
        PatchMoved moved => state with
        {
            Patches = state.Patches.SetItem(
                moved.PatchId, state.Patches[moved.PatchId] with { State = moved.State, Reason = moved.Reason, At = recorded.At, Made = moved.Changes }),
            Requests = state.Requests.RemoveAll(r => r.PatchId == moved.PatchId),
            Refusals = state.Refusals.Remove(moved.PatchId),
        },
        PatchRequested requested => state with
        {
            Requests = state.Requests.Add(requested),
            Refusals = state.Refusals.Remove(requested.PatchId),
            Patches = requested.Tested is { } tested
                ? state.Patches.SetItem(requested.PatchId, state.Patches[requested.PatchId] with { Tested = tested })
                : state.Patches,
        },
        PatchRefused refused => state with
        {
            Requests = state.Requests.RemoveAll(r => r.PatchId == refused.PatchId),
            Refusals = state.Refusals.SetItem(refused.PatchId, refused.Reason),
        },
        ResultsPublished published => state with { Results = published },
        ProjectHandedOver over => state with { HandedOver = over },
        ProjectTakenBack => state with { HandedOver = null },
        EffectEvent => state,
        _ => throw new InvalidOperationException($"a project records no {recorded.Body.GetType().Name}"),
    };

    public override Decision Decide(ProjectState state, ActiveEffects active, Command command, DateTimeOffset now) => command switch
    {
        HandOverProject over => state.HandedOver is null ? Decision.Accept(new ProjectHandedOver(over.To, over.Key)) : Decision.Accept(),
        TakeBackProject => state.HandedOver is null ? Decision.Accept() : Decision.Accept(new ProjectTakenBack()),
        Cancel or WakeUp => Decision.Accept(),
        _ when state.HandedOver is { } over => Decision.Refuse(TaskRefusals.ProjectClaimed, $"the project was handed over to the workspace {over.To}"),
        MovePatch move => state.Root is { } root && root != move.ProjectRoot ? Taken(root) : Move(state, move),
        CommitPatch commit => state.Root is { } root && root != commit.ProjectRoot ? Taken(root) : Commit(state, commit),
        PublishResults publish => state.Root is { } root && root != publish.ProjectRoot ? Taken(root) : Publish(state, publish),
        ApplyPatch apply => Ask(state, new PatchRequested(apply.PatchId, PatchState.Committed, apply.Merge, apply.By) { Untested = apply.Untested }),
        RollBackPatch rollBack => Ask(state, new PatchRequested(rollBack.PatchId, PatchState.RolledBack, Merge: false, rollBack.By)),
        _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"a project knows no {command.GetType().Name}"),
    };

    public override StreamAnswer Answer(ProjectState state, Command command) => command switch
    {
        MovePatch move => Stands(state, move.Patch.PatchId),
        CommitPatch commit => Stands(state, commit.Patch.PatchId),
        _ => AcceptedAnswer.Instance,
    };

    public override Work Next(ProjectState state, ActiveEffects active, DateTimeOffset now) => state switch
    {
        { Requests.IsEmpty: true } => Work.Finished.Instance,
        { HandedOver: { } over } when active.Count == 0 => new Work.Wait($"its project, which {over.To} has"),
        _ => new Work.Perform([Change(state, state.Requests[0])]),
    };

    public override Effect EffectOf(ProjectState state, string effectId) => Change(state, state.Requests[0]);

    public override IReadOnlyList<Event> Record(ProjectState state, ActiveEffects active, EffectReport report, DateTimeOffset now)
    {
        var request = state.Requests[0];
        if (report is not EffectCompleted { Outcome: ApplyOutcome outcome }) return [];
        if (outcome.Applied)
        {
            return [new PatchMoved(request.PatchId, request.To, PatchRule.Said(outcome, request.Untested), request.By) { Changes = outcome.Changes, Untested = request.Untested }];
        }

        var reason = BoundedText.Cut(outcome.Problem!, 1_000);
        if (state.Patches[request.PatchId].State != PatchState.Verified) return [new PatchRefused(request.PatchId, outcome.TreeMoved ? $"{reason}; {Untested}" : reason)];

        // Its task tests it again.
        return outcome.TreeMoved ? [new PatchRefused(request.PatchId, reason)] : [new PatchMoved(request.PatchId, PatchState.ApplyFailed, reason, request.By)];
    }

    public override IReadOnlyList<MirrorFile> Mirror(ProjectState state, RecordedEvent recorded) => PatchFiles.Of(state, recorded);

    public override MirrorFile PlaceOf(ProjectState state, MirrorFile file) =>
        state.HandedOver is { } over && file.Root == state.Root && TaskPaths.OfRecord.Contains(file.Path)
            ? file with { Path = TaskPaths.Aside(file.Path, over.Key) }
            : file;

    public override IReadOnlyList<LogLine> Lines(ProjectState state, RecordedEvent recorded) =>
        PatchFiles.Lines(state, recorded, PatchLine.Of);

    public override IReadOnlyList<LogLine> LinesOfFormat1(ProjectState state, RecordedEvent recorded) =>
        PatchFiles.Lines(state, recorded, PatchLineOfFormat1.Of);

    public override IReadOnlyList<LaneRow> Rows(ProjectState state, RecordedEvent recorded) => PatchTables.Rows(state, recorded);

    private static PatchAnswer Stands(ProjectState state, string patchId) => state.Patches.TryGetValue(patchId, out var patch)
        ? new PatchAnswer(patch.State, state.Refusals.GetValueOrDefault(patchId) ?? patch.Reason)
        : new PatchAnswer(null, null);

    private static Decision Taken(string root) => Decision.Refuse(KernelRefusals.IdCollision, $"the project's id names {root} already");

    private static IEnumerable<Event> Opened(ProjectState state, string root) => state.Root is null ? [new ProjectOpened(root)] : [];

    private static Decision Move(ProjectState state, MovePatch move)
    {
        var known = state.Patches.GetValueOrDefault(move.Patch.PatchId);
        if (known is not null && known.Patch.DiffSha256 != move.Patch.DiffSha256)
        {
            return Decision.Refuse(KernelRefusals.IdCollision, $"{move.Patch.PatchId} names another diff already");
        }

        var events = new List<Event>(Opened(state, move.ProjectRoot));
        var isOther = known is null || known.Patch.RunId != move.Patch.RunId || known.Patch.TaskId != move.Patch.TaskId || known.Patch.Attempt != move.Patch.Attempt;
        if (isOther && known is not null && IsUnderWay(known.State))
        {
            return Decision.Refuse(TaskRefusals.PatchBusy, $"{known.Patch.TaskId} is at work on the very same change");
        }

        if (isOther) events.Add(new PatchCreated(move.Patch));
        var stands = isOther ? PatchState.Created : known!.State;
        foreach (var next in move.Through)
        {
            if (next == stands) continue;

            // What was done before an interruption is not done again.
            if (!PatchMoves.CanMove(stands, next)) continue;
            events.Add(new PatchMoved(move.Patch.PatchId, next, next == move.Through[^1] ? move.Reason : null, null));
            stands = next;
        }

        return Decision.Accept(events);
    }

    private static Decision Commit(ProjectState state, CommitPatch commit)
    {
        var known = state.Patches.GetValueOrDefault(commit.Patch.PatchId);
        if (known is { State: PatchState.Committed or PatchState.ApplyFailed } && known.Patch.TaskId == commit.Patch.TaskId) return Decision.Accept();
        if (state.Requests.Any(r => r.PatchId == commit.Patch.PatchId)) return Decision.Accept();
        if (known is not { State: PatchState.Applied or PatchState.Verified })
        {
            return Decision.Refuse(TaskRefusals.PatchState, $"{commit.Patch.PatchId} has not been applied and tested");
        }

        Event[] verified = known.State == PatchState.Applied ? [new PatchMoved(commit.Patch.PatchId, PatchState.Verified, null, null)] : [];
        var request = new PatchRequested(commit.Patch.PatchId, PatchState.Committed, Merge: false, Actor.Engine) { Tested = commit.Tested };
        return Decision.Accept([.. verified, request]);
    }

    private static Decision Ask(ProjectState state, PatchRequested asked)
    {
        var patchId = asked.PatchId;
        if (!state.Patches.TryGetValue(patchId, out var patch))
        {
            return Decision.Refuse(TaskRefusals.NoPatch, $"the project has no patch {patchId}");
        }

        if (state.Requests.Any(r => r.PatchId == patchId))
        {
            return Decision.Refuse(KernelRefusals.Busy, $"{patchId} is being changed already");
        }

        if (patch.State == asked.To) return Decision.Refuse(TaskRefusals.PatchState, $"{patchId} is {WireName<PatchState>.Of(asked.To)} already");
        if (patch.State is PatchState.Verified || !PatchMoves.CanMove(patch.State, asked.To))
        {
            var stands = $"{WireName<PatchState>.Of(patch.State)}{(patch.Reason is { } why ? $" ({why})" : "")}";
            return Decision.Refuse(TaskRefusals.PatchState, $"{patchId} is {stands}: it cannot become {WireName<PatchState>.Of(asked.To)}");
        }

        if (asked.To == PatchState.RolledBack || asked.Untested) return Decision.Accept(asked);
        if (asked.Merge) return Decision.Refuse(TaskRefusals.Untested, $"what a merge makes of {patchId} was never tested: {Untested}");
        return patch.Tested is { } tested
            ? Decision.Accept(asked with { Tested = tested })
            : Decision.Refuse(TaskRefusals.Untested, $"it is not known on which tree {patchId} was tested: {Untested}");
    }

    private static Decision Publish(ProjectState state, PublishResults publish)
    {
        if (state.Results is { } last && last.RunId == publish.RunId && last.Sha256 == publish.Results.Sha256) return Decision.Accept();
        var published = new ResultsPublished(publish.RunId, publish.Results.Sha256, publish.Results.Bytes.Length) { Attached = [publish.Results] };
        return Decision.Accept([.. Opened(state, publish.ProjectRoot), published]);
    }

    private static bool IsUnderWay(PatchState state) => state is PatchState.Created or PatchState.Validated or PatchState.Applied or PatchState.Verified;

    private static ApplyChanges Change(ProjectState state, PatchRequested request)
    {
        var (record, isBack) = (state.Patches[request.PatchId], request.To == PatchState.RolledBack);
        return new ApplyChanges($"{(isBack ? "rollback" : "apply")}/{request.PatchId}")
        {
            Target = record.Patch.WorkingTree,
            IsProject = record.Patch.WorkingTree == state.Root,
            Changes = isBack ? record.Made ?? record.Patch.ChangesSha256 : record.Patch.ChangesSha256,
            Reverse = isBack,
            Merge = request.Merge,
            Tested = request.Tested,
        };
    }
}
