using System.Collections.Immutable;
using System.Text.Json;
using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Epochs;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Try;

/// <summary>
/// Runs one command in the cage, from any folder: an epoch of one crucible that nobody had to write down, so that its record is like any
/// other.
/// </summary>
/// <param name="workspace">Where the record goes.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Is told what happens while it happens, the output among it.</param>
public sealed class TryRunner(Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null)
{
    /// <summary>The id of the epoch and of its crucible; later ones get a number.</summary>
    public const string EpochId = "TRY";

    private const long GraceMs = 1_000;

    /// <summary>Checks a request against this host, and fixes what will run. Writes and starts nothing.</summary>
    public static Checked<PreparedEpoch> Prepare(TryOptions options)
    {
        var problems = new List<InputProblem>();
        void Refuse(string pointer, string rule, string message) => problems.Add(new InputProblem("try", Option(pointer), rule, message));
        var host = HostCapabilities.Detect();
        SandboxRule.CheckHost(options.Level, host, "", Refuse);
        var folder = PlanFolder.Real(options.Folder);
        var grants = GrantRule.Load(folder, options.Keys, options.Level, host, "", Refuse);
        var writes = GrantRule.Writes(folder, options.Writes, options.Level, "/writes", Refuse);
        return problems.Count > 0 ? Checked<PreparedEpoch>.Refused(problems) : Declare(options, host, folder, grants, writes);
    }

    /// <summary>
    /// One sentence for the person when the command does not start in the current folder and does not see it; null when it does.
    /// </summary>
    public static string? Note(TryOptions options)
    {
        var folder = PlanFolder.Real(options.Folder);
        if (options.Level == SandboxLevel.None || CurrentFolder.Withheld(folder) is not { } reason || IsNamed(options, folder)) return null;
        return $"{folder} is {reason} and not shown to the command, which starts in a folder of its own: name with --reads or --writes what it needs";
    }

    private static bool IsNamed(TryOptions options, string folder) =>
        options.Reads.Concat(options.Writes).Any(p => PlanFolder.Real(Path.GetFullPath(Path.Combine(folder, p))) == folder);

    /// <summary>The option that a pointer into a document stands for: <c>/reads/0</c> is <c>--reads</c>.</summary>
    private static string Option(string pointer) => pointer.Split('/') switch
    {
        [_, "hosts", ..] => "--host",
        [_, "budgets", "network_max_bytes"] => "--network-max",
        [_, { Length: > 0 } name, ..] => $"--{name}",
        _ => pointer,
    };

    /// <summary>Runs it. The outcome is null when another process took the epoch away, or it was refused.</summary>
    public async Task<TryEnd> RunAsync(PreparedEpoch prepared, CancellationToken cancel)
    {
        ProcessOutcome? outcome = null;
        var run = await new EpochRunner(workspace, time, notice =>
        {
            if (notice is EventsCommitted { State: EpochState { Crucibles: [{ Run: { } ended }] } }) outcome = ended;
            observer?.Invoke(notice);
        }).RunAsync(prepared, cancel);
        return new TryEnd(run, outcome);
    }

    private static PreparedEpoch Declare(TryOptions options, HostCapabilities host, string folder, Grants grants, ImmutableArray<string> writes)
    {
        var program = options.Command[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(Path.Combine(folder, options.Command[0])) : null;
        var place = Note(options) is null ? folder : null;
        var pinned = program is null ? null : DocumentFile.Pin(program, out _);
        var document = new TryDocument(
            folder, options.Command, pinned?.Sha256, options.Level, options.Reads, options.Hides, options.Writes, options.TimeMs, options.MemoryBytes,
            options.DiskBytes, options.Processes, options.Hosts, options.Network, options.NetworkBytes);
        var json = CanonicalJson.Serialize(document, TryJson.Default.TryDocument);
        var digest = Digest.Of(json);
        var crucible = new Crucible
        {
            SchemaVersion = Crucible.Version,
            CrucibleId = EpochId,
            KernelTargets = [EpochId],
            Command = place is null && program is not null ? options.Command.SetItem(0, program) : options.Command,
            Sandbox = options.Level,
        };
        var epoch = new EpochDeclared
        {
            EpochId = EpochId,
            EpochHash = digest,
            PlanSha256 = digest,
            Mode = EpochMode.Normal,
            Plan = JsonDocument.Parse(json).RootElement.Clone(),
            Profile = EpochProfile.Coverage,
            KernelTarget = EpochId,
            Seed = 0,
            WallClockMs = options.TimeMs + (GraceMs * 10),
            RequiredMilestones = [],
            Template = RunnerTemplate.ExitCodeV1,
            Args = [],
            Inherit = ["TERM"],
            CruciblesTotal = 1,
            Host = EpochLoader.Enforcement(host),
        };
        var declared = new CrucibleDeclared
        {
            Index = 0,
            Spec = EpochDeclared.TryOrigin,
            Folder = folder,
            Crucible = crucible,
            CrucibleSha256 = digest,
            RunSha256 = digest,
            Inputs = [],
            Program = pinned,
            Grants = grants,
            WorkPlace = new WorkPlace(place, writes),
            Caps = new ProcessCaps
            {
                TimeMs = options.TimeMs,
                KillMs = options.TimeMs + GraceMs,
                MemoryBytes = options.MemoryBytes,
                DiskBytes = options.DiskBytes,
                NetworkBytes = options.NetworkBytes,
                StdoutBytes = TryOptions.OutputBytes,
                StderrBytes = TryOptions.OutputBytes,
                Processes = options.Processes,
            },
        };
        return new PreparedEpoch(EpochDeclared.TryOrigin, new EpochOptions(), epoch, [declared]);
    }
}

/// <summary>How a command was tried.</summary>
/// <param name="Run">The epoch's end.</param>
/// <param name="Outcome">The command's; null when it never came so far.</param>
public sealed record TryEnd(Answer<EpochEnd> Run, ProcessOutcome? Outcome);
