using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Kernel.Effects;

/// <summary>
/// Something a lane asks the engine to do to the world. The set is small and closed: a new lane needs no new effect, and a new
/// effect serves every lane.
/// </summary>
/// <param name="Id">Names the effect within its stream, the same each time the lane asks for it: <c>crucible/CRU_SMOKE</c>.</param>
public abstract record Effect(string Id)
{
    /// <summary>What is done about an attempt whose engine died.</summary>
    public virtual LossPolicy WhenLost => LossPolicy.Repeat;

    /// <summary>
    /// How it is recorded that the effect could not be performed to its end. Whatever an attempt throws is that attempt's outcome and
    /// nothing else's (ruling 38), so every effect has one, and no lane may take it for success.
    /// </summary>
    /// <param name="reason">Why, in bounded words and without a stack trace.</param>
    /// <param name="startedAt">When the attempt began.</param>
    public abstract EffectOutcome Failed(string reason, DateTimeOffset startedAt);
}

/// <summary>What is done about an attempt whose engine died while it was under way.</summary>
public enum LossPolicy
{
    /// <summary>It is made again, which does no harm.</summary>
    Repeat,

    /// <summary>
    /// It may have acted: unless its marker proves that nothing was started (ruling 3), it is recorded as interrupted and its lane says
    /// what follows.
    /// </summary>
    Ask,
}

/// <summary>Run a program under caps, in a fresh folder of its own, and keep what it printed and left.</summary>
public sealed record RunProcess(string Id) : Effect(Id)
{
    /// <summary>Program and arguments, never through a shell. <c>{run_root}</c> and <c>{root}</c> are filled in by the engine.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Variables with fixed values; a value may hold <c>{run_root}</c> and <c>{root}</c>.</summary>
    public required ImmutableSortedDictionary<string, string> Environment { get; init; }

    /// <summary>Names of variables that are taken from the engine's own environment when the process starts.</summary>
    public required ImmutableArray<string> Inherit { get; init; }

    /// <summary>Folder below which all paths of this effect lie; null for the workspace.</summary>
    public string? Root { get; init; }

    /// <summary>The working folder, relative to <see cref="Root"/>. It is created anew; when it is taken, <c>.2</c>, <c>.3</c> … is appended.</summary>
    public required string RunRoot { get; init; }

    /// <summary>
    /// A folder, relative to <see cref="Root"/> or absolute, that is there already and in which the process works instead of in its run
    /// root; a cage leaves both writable. <c>{work_folder}</c> stands for it in the command.
    /// </summary>
    public string? WorkFolder { get; init; }

    /// <summary>Files that receive standard output and standard error, relative to <see cref="Root"/>, numbered in the same way.</summary>
    public required string StdoutFile { get; init; }

    public required string StderrFile { get; init; }

    /// <summary>Text for standard input, behind <see cref="StdinDocument"/> where there is one; null: nothing more.</summary>
    public string? Stdin { get; init; }

    /// <summary>
    /// A document of the ledger for standard input; with no <see cref="Stdin"/> either that is closed (reads as end of file).
    /// </summary>
    public Digest? StdinDocument { get; init; }

    /// <summary>Files that are copied read-only below <c>inputs/</c> of the run root, if their content is still the expected one.</summary>
    public ImmutableArray<StagedFile> Inputs { get; init; } = [];

    /// <summary>Documents of the ledger that are written read-only into the run root before the start.</summary>
    public ImmutableArray<StagedBlob> Documents { get; init; } = [];

    /// <summary>Documents that are made of others of the ledger and written likewise.</summary>
    public ImmutableArray<JoinedDocument> Joined { get; init; } = [];

    /// <summary>What files of a change were before it, for a process that judges it; null: it sees only what they are now.</summary>
    public StagedBefore? Before { get; init; }

    /// <summary>Files that are used where they lie, the program among them; the process starts only if they still have the expected content.</summary>
    public ImmutableArray<PinnedFile> Pinned { get; init; } = [];

    /// <summary>Files and folders, absolute or relative to <see cref="Root"/>, that a cage leaves readable wherever they lie, if they are there.</summary>
    public ImmutableArray<string> Readable { get; init; } = [];

    /// <summary>Folders, absolute or relative to <see cref="Root"/>, that a cage leaves writable besides the run root and <see cref="WorkFolder"/>.</summary>
    public ImmutableArray<string> Writable { get; init; } = [];

    /// <summary>Files and folders that stay out of reach although they lie in what is readable.</summary>
    public ImmutableArray<string> Hidden { get; init; } = [];

    /// <summary>Whether <see cref="WorkFolder"/> may only be read.</summary>
    public bool WorkFolderIsReadOnly { get; init; }

    /// <summary>Folders below the run root that are created empty before the start.</summary>
    public ImmutableArray<string> Folders { get; init; } = [];

    /// <summary>Folder below the run root whose files are listed afterwards, each with its digest; null: none.</summary>
    public FolderListing? List { get; init; }

    /// <summary>What the process may spend; null: nothing is metered.</summary>
    public CostMeter? Meter { get; init; }

    /// <summary>Small texts that are written into the run root before the start, by name.</summary>
    public ImmutableSortedDictionary<string, string> Texts { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Files of the run root that the lane wants to see afterwards.</summary>
    public ImmutableArray<CollectedName> Collect { get; init; } = [];

    public required ProcessCaps Caps { get; init; }

    public required SandboxLevel Sandbox { get; init; }

    /// <summary>What network it has in a cage that lets it have one: not with <see cref="SandboxLevel.Strict"/>.</summary>
    public NetworkReach Network { get; init; } = NetworkReach.Nothing;

    /// <summary>Its way to a model; null: it has none. <c>{gateway_url}</c> and <c>{gateway_key}</c> stand for it in command and environment.</summary>
    public ModelGateway? Gateway { get; init; }

    /// <summary>Whether it takes no place among the processes that may run at once, because those would wait for it.</summary>
    public bool IsBeside { get; init; }

    /// <summary>Whether what it prints is told to whoever watches, while it runs.</summary>
    public bool Live { get; init; }

    /// <summary>Whether its lane sees what it printed on standard error too, under <c>stderr</c> among the evidence.</summary>
    public bool ShowsStderr { get; init; }

    /// <summary>When the process has to be over, whatever its own time cap says; the kill reason is then <see cref="KillReason.Deadline"/>.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    public override LossPolicy WhenLost => LossPolicy.Ask;

    /// <summary>
    /// The process may have run, so this is no <see cref="ProcessOutcome.StartError"/>: what was never started may be tried again, this may
    /// not.
    /// </summary>
    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new ProcessOutcome
    {
        Problem = reason,
        StartedAt = startedAt,
        DurationMs = 0,
        CpuTimeMs = 0,
        PeakRssBytes = 0,
        Stdout = Captured.Nothing(StdoutFile),
        Stderr = Captured.Nothing(StderrFile),
        RunRoot = RunRoot,
        RunRootPresent = false,
        Caps = CapsInForce.Unknown,
    };
}

/// <summary>Copy what a process left behind into a folder of the record, listing each file with its digest.</summary>
public sealed record CollectFiles(string Id) : Effect(Id)
{
    /// <summary>Folder below which both paths lie; null for the workspace.</summary>
    public string? Root { get; init; }

    public required ImmutableArray<string> From { get; init; }

    public required string To { get; init; }

    /// <summary>Whether a copy lies below its folder's own path in <see cref="To"/>, or directly there.</summary>
    public bool KeepFolders { get; init; } = true;

    /// <summary>At most this many files are copied, so that their list fits an event; the outcome says when there were more.</summary>
    public int MaxFiles { get; init; } = 100;

    /// <summary>The most characters that the names of all of them may have together.</summary>
    public int MaxNameChars { get; init; } = 12_000;

    /// <summary>Files larger than this are listed and not copied.</summary>
    public long MaxFileBytes { get; init; } = 64L << 20;

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) =>
        new FilesOutcome([new CollectedFile(To, 0, null, reason)], Complete: false);
}

/// <summary>Bring another stream of this ledger to its end, starting it from a document if it is not there yet.</summary>
public sealed record RunChild(string Id) : Effect(Id)
{
    /// <summary>The lane of the child, which decides who starts it.</summary>
    public required string Lane { get; init; }

    /// <summary>What to start: a path as the parent's document names it, made absolute.</summary>
    public required string Document { get; init; }

    /// <summary>The id that the child's stream gets, fixed by the parent so that a restart finds it again.</summary>
    public required string ChildId { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) =>
        new AnswerOutcome(StreamName.Of(Lane, ChildId), new NoAnswer(reason));
}

/// <summary>
/// Put a command to another stream of this ledger, and, if asked for, bring that stream to its end. What the stream's lane answers is the
/// outcome (<c>ILane.Answer</c>).
/// </summary>
public sealed record ChildStream(string Id) : Effect(Id)
{
    public required StreamName Stream { get; init; }

    /// <summary>Must do no harm when it is put again, since an interrupted attempt is simply made again.</summary>
    public required Command Command { get; init; }

    /// <summary>
    /// Whether the effect ends only when the other stream has. Otherwise the command, its answer and what follows from it are one commit.
    /// </summary>
    public bool UntilEnd { get; init; }

    public override EffectOutcome Failed(string reason, DateTimeOffset startedAt) => new AnswerOutcome(Stream, new NoAnswer(reason));
}

/// <summary>An input file: where it is (<c>{workspace}</c> is filled in by the engine), its name below <c>inputs/</c>, and the content it must still have.</summary>
public sealed record StagedFile(string Source, string Name, Digest Sha256)
{
    /// <summary>How large it was, so that what took its place is judged before it is read; null in what earlier builds recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeBytes { get; init; }
}

/// <summary>A document that the ledger keeps, and its name below the run root.</summary>
public sealed record StagedBlob(string Name, Digest Sha256);

/// <summary>A file that is used where it lies, and the content it must still have.</summary>
public sealed record PinnedFile(string Path, Digest Sha256)
{
    /// <summary>How large it was, so that what took its place is judged before it is read; null in what earlier builds recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeBytes { get; init; }
}

/// <summary>A file to look at afterwards, the most that it may hold, and whether the lane wants its content or only its digest.</summary>
public sealed record CollectedName(string Name, long MaxBytes, bool Content)
{
    /// <summary>The most of a file of which only the digest is wanted: 16 GiB.</summary>
    public const long MostBytes = 16L << 30;

    /// <summary>Whether the ledger keeps the content as a blob, whatever its size.</summary>
    public bool Keep { get; init; }
}

/// <summary>
/// A folder to list, and the most files and characters in their names that the list may have, so that it fits an event; and the most bytes
/// that its files may say they hold, so that nobody reads for hours what takes no room.
/// </summary>
public sealed record FolderListing(string Folder, int MaxFiles = 200, int MaxNameChars = 12_000, long MaxBytes = CollectedName.MostBytes);

/// <summary>
/// Cost is metered through a file of JSON lines <c>{"cost_usd": 0.0123}</c> that the process appends to; when their sum passes the limit,
/// or a line cannot be read, the process is ended.
/// </summary>
/// <param name="File">Name below the run root.</param>
/// <param name="Max">The most to spend; null: metered without a limit.</param>
public sealed record CostMeter(string File, Usd? Max);
