using System.Collections.Immutable;
using System.Text;
using Assay.Engine.Gateways;
using Assay.Engine.Native;
using Assay.Engine.Performers.Files;
using Assay.Engine.Runner;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Network;
using Assay.Engine.Runner.Sandbox;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Native;

namespace Assay.Engine.Performers.Process;

/// <summary>Performs <see cref="RunProcess"/>: a fresh folder, inputs in place, the capped process, and what it left as evidence.</summary>
internal sealed class ProcessPerformer(
    Workspace workspace, AttemptMarkers markers, ContainmentPool containments, TimeProvider time, Func<IModelGateways?>? gateways = null)
    : IMarkedPerformer, IDisposable
{
    internal const string MarkVariable = "ASSAY_ATTEMPT";

    private readonly RunnerThreads _threads = new();

    public async Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel)
    {
        if (!attempt.MarkerHeld && !markers.TryCreate(attempt.Key))
        {
            throw new LedgerException($"attempt {attempt.Number} at {attempt.Effect.Id} of {attempt.Stream} was begun by another engine");
        }

        var startedAt = time.GetUtcNow();
        try
        {
            var effect = (RunProcess)attempt.Effect;
            var documents = await DocumentsAsync(effect);
            return await _threads.RunAsync(() => Perform(attempt, effect, documents, cancel));
        }
        catch (Exception e) when (e is not LedgerException)
        {
            return Failed(attempt, FailureReason.Of(e), startedAt);
        }
    }

    /// <summary>A failure of the engine's own, with what the process had printed by then, as far as that can be kept.</summary>
    private EffectResult Failed(Attempt attempt, string reason, DateTimeOffset startedAt)
    {
        var failed = (ProcessOutcome)attempt.Effect.Failed(reason, startedAt);
        try
        {
            if (markers.Read(attempt.Key) is { Output: [var stdout, var stderr] } traces)
            {
                foreach (var file in traces.Output.Select(o => Path.Combine(traces.Root, o)).Where(f => FileStat.Of(f) is { Kind: FileKind.File })) DurableFile.Sync(file);
                failed = failed with
                {
                    Stdout = ProcessEvidence.Partial(traces.Root, stdout) ?? failed.Stdout,
                    Stderr = ProcessEvidence.Partial(traces.Root, stderr) ?? failed.Stderr,
                };
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be made durable is no evidence.
        }

        return new EffectResult(failed, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    public Reconciliation Reconcile(Attempt attempt, bool sameBoot)
    {
        if (sameBoot && markers.TryCreate(attempt.Key)) return Reconciliation.NotStarted.Instance;
        var traces = markers.Read(attempt.Key);
        var ended = sameBoot && traces is not null ? ContainmentPool.End(traces.Containment).Count : 0;
        var partial = traces is null ? [] : traces.Output.Select(o => ProcessEvidence.Partial(traces.Root, o)).OfType<Captured>().ToImmutableArray();
        var reason = sameBoot ? $"the engine died while it ran; {ended} processes were still there and were ended" : "the machine went down while it ran";
        var cost = attempt.Effect is RunProcess { Gateway: { } gateway } ? LostSpending.AtMost(gateway, sameBoot ? traces?.Root : null) : null;
        return new Reconciliation.Interrupted(reason, partial) { CostAtMost = cost };
    }

    public void Dispose() => _threads.Dispose();

    /// <summary>What the ledger holds of the documents that a process is given; a thread that runs processes waits for no store.</summary>
    private async Task<IReadOnlyDictionary<Digest, byte[]>> DocumentsAsync(RunProcess effect)
    {
        var found = new Dictionary<Digest, byte[]>();
        var named = effect.Documents.Select(d => d.Sha256).Concat(effect.Joined.SelectMany(j => j.Parts));
        await AddAsync(named.Select(d => (Digest?)d).Append(effect.StdinDocument).Append(effect.Before?.Changes).OfType<Digest>());
        if (effect.Before is { } before && found.TryGetValue(before.Changes, out var changes)) await AddAsync(before.Of(changes));
        return found;

        async Task AddAsync(IEnumerable<Digest> wanted)
        {
            foreach (var sha256 in wanted)
            {
                if (!found.ContainsKey(sha256) && await workspace.Store.ReadBlobAsync(sha256) is { } bytes) found.Add(sha256, bytes);
            }
        }
    }

    private EffectResult Perform(Attempt attempt, RunProcess effect, IReadOnlyDictionary<Digest, byte[]> documents, CancellationToken cancel)
    {
        var root = workspace.Folder(effect.Root);
        var runRoot = FreshPath.CreateFolder(root, effect.RunRoot);
        var folder = Path.Combine(root, runRoot);
        var (stdoutFile, stdoutHandle) = FreshPath.CreateFile(root, effect.StdoutFile);
        using var stdout = new OutputCapture(stdoutHandle, effect.Caps.StdoutBytes, Tap(attempt, effect, "stdout"));
        var (stderrFile, stderrHandle) = FreshPath.CreateFile(root, effect.StderrFile);
        using var stderr = new OutputCapture(stderrHandle, effect.Caps.StderrBytes, Tap(attempt, effect, "stderr"));
        var mark = $"{MarkVariable}={Digest.Of($"{workspace.Root}\n{attempt.Key}").Short(32)}";
        using var home = effect.Sandbox == SandboxLevel.None ? null : new PrivateHome(folder, Cage.MechanismOf(effect.Sandbox) != Mechanism.Landlock);
        var containment = containments.Rent(mark, isCaged: effect.Sandbox != SandboxLevel.None, effect.Caps.MemoryBytes);
        try
        {
            markers.Describe(attempt.Key, new AttemptTraces(containment.Handle, root, [stdoutFile, stderrFile]) { Owner = ProcessIdentity.Own });
            using var staging = new RunRootStaging(effect, workspace.Root, root, folder, documents);
            var changed = Stage(staging, cancel);
            var startedAt = time.GetUtcNow();
            var (command, end) = Command(effect, root, folder);
            if (changed is null) end = new ProcessEnd(null, null, KillReason.Cancelled, 0, 0, 0, 0, 0);
            changed ??= [];
            end ??= Trespass(effect, root) ?? (FreeSpace.Suffices(folder) ? null : ProcessEnd.NotStarted($"{folder}: no space left but what the record needs"));
            if (end is null && changed.Count == 0)
            {
                end = Run(
                    effect, command, mark, root, folder, containment, Stdin(effect, documents), stdout, stderr, attempt.Progress, startedAt, cancel);
            }

            using var reading = new EvidenceTime(cancel);
            if (end is { StartProblem: null }) changed.AddRange(staging.Changed(reading.Over));
            return ProcessEvidence.Of(effect, end, changed, startedAt, root, runRoot, (stdoutFile, stdout), (stderrFile, stderr), containment, reading.Over);
        }
        finally
        {
            containments.Return(containment);
        }
    }

    private static byte[]? Stdin(RunProcess effect, IReadOnlyDictionary<Digest, byte[]> documents)
    {
        var text = effect.Stdin is null ? null : Encoding.UTF8.GetBytes(effect.Stdin);
        if (effect.StdinDocument is not { } sha256) return text;
        return documents.GetValueOrDefault(sha256) is { } document ? [.. document, .. text ?? []] : null;
    }

    /// <summary>The names of what is not what was expected; null when that could not be found out before a cancellation.</summary>
    private static List<string>? Stage(RunRootStaging staging, CancellationToken cancel)
    {
        using var staged = new EvidenceTime(cancel);
        var changed = staging.Stage(staged.Over);
        return changed.Count > 0 && cancel.IsCancellationRequested ? null : changed;
    }

    private static Action<byte[]>? Tap(Attempt attempt, RunProcess effect, string stream) =>
        effect.Live ? bytes => attempt.Progress(new ProcessOutput(stream, bytes)) : null;

    private ProcessEnd Run(
        RunProcess effect, IReadOnlyList<string> command, string mark, string root, string folder, IContainment containment, byte[]? stdin,
        OutputCapture stdout, OutputCapture stderr, Action<object> progress, DateTimeOffset startedAt, CancellationToken cancel)
    {
        using var signal = new CancelSignal(cancel);
        using var disk = effect.Caps is { DiskInMemory: true, DiskBytes: { } bytes } ? new RunDisk(folder, bytes) : null;
        using var model = Open(effect, root, out var closed);
        if (closed is not null) return ProcessEnd.NotStarted($"its gateway to a model cannot be opened: {closed}");
        using var gate = Gate(effect, model?.Port);
        var plan = Plan(effect, command[0], root, folder) with { Disk = disk?.Memory, Gate = gate };
        string Filled(string text) => model is null ? text : FillGateway(text, gate is null ? model.Port : NetworkGate.ModelPort, model.Key);
        var start = new ProcessStart
        {
            Command = [.. command.Select(Filled)],
            Environment = [.. Variables(effect, root, folder).Select(Filled), mark],
            WantedEnd = () => model?.Reason,
            Folder = plan.WorkFolder,
            DiskBytesBefore = BytesBefore(effect, plan),
            Stdin = stdin,
            Caps = effect.Caps,
            Plan = plan,
            MeterFolder = disk?.Memory.Path ?? folder,
            RecordFolder = root,
            Meter = effect.Meter,
            Deadline = effect.NotAfter is { } notAfter ? notAfter - startedAt : null,
        };
        var end = CappedProcess.Run(start, containment, stdout, stderr, signal, progress);
        if (model?.End() is { } report) end = end with { Gateway = report, Cost = report.Cost };
        if (gate is not null) end = end with { Egress = gate.End() };
        if (gate is { HasFailed: true }) end = end with { Reason = end.Reason ?? KillReason.CaptureFailed };
        return disk?.Keep(end) ?? end;
    }

    private ModelWay? Open(RunProcess effect, string root, out string? problem)
    {
        problem = null;
        try
        {
            return effect.Gateway is { } asked ? new ModelWay(gateways?.Invoke(), asked, root) : null;
        }
        catch (IOException e)
        {
            problem = e.Message;
            return null;
        }
    }

    private NetworkGate? Gate(RunProcess effect, int? modelPort) =>
        NetworkGate.IsFor(effect) && CageHost.Current.HostsProblem is null
            ? new NetworkGate(effect.Network.Hosts, effect.Caps.NetworkBytes, time, modelPort)
            : null;

    private static string FillGateway(string text, int port, string key) => text
        .Replace("{gateway_url}", $"http://127.0.0.1:{port}", StringComparison.Ordinal)
        .Replace("{gateway_key}", key, StringComparison.Ordinal);

    private static long BytesBefore(RunProcess effect, CagePlan plan)
    {
        if (effect.Caps.DiskBytes is null || (effect.WorkFolder is null && effect.Writable.IsEmpty)) return 0;
        return new DiskMeter(plan.Writes).Measure(long.MaxValue, []);
    }

    /// <summary>The command with everything filled in, or how it ended before it began.</summary>
    private static (IReadOnlyList<string> Command, ProcessEnd? NotStarted) Command(RunProcess effect, string root, string folder)
    {
        string[] command = [.. effect.Command.Select(w => Fill(effect, w, root, folder))];
        var path = Inherited(effect).FirstOrDefault(v => v.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..] ?? "/usr/bin:/bin";
        if (ProgramPath.Find(command[0], path) is not { } program) return (command, ProcessEnd.NotStarted($"{command[0]}: not found in PATH", Libc.ENOENT));
        var absolute = Path.GetFullPath(Path.Combine(WorkFolder(effect, root, folder), program));
        if (!Path.Exists(absolute)) return (command, ProcessEnd.NotStarted($"{program}: No such file or directory", Libc.ENOENT));
        if (!ProgramPath.IsExecutable(absolute)) return (command, ProcessEnd.NotStarted($"{program}: Permission denied: it is not executable", Libc.EACCES));
        command[0] = program;
        return (command, null);
    }

    private CagePlan Plan(RunProcess effect, string program, string root, string folder)
    {
        var work = WorkFolder(effect, root, folder);
        string Absolute(string path) => Path.GetFullPath(Path.Combine(root, path));
        string[] workReads = effect is { WorkFolder: not null, WorkFolderIsReadOnly: true } ? [work] : [];
        string[] workWrites = effect.WorkFolderIsReadOnly ? [] : [work];
        List<string> reads = [.. ProgramFiles(Path.GetFullPath(Path.Combine(work, program))), .. effect.Readable.Select(Absolute), .. workReads];
        List<string> writes = [folder, .. workWrites, .. effect.Writable.Select(Absolute)];
        var (realReads, realWrites) = (Real(reads), Real(writes));
        var isCaged = effect.Sandbox != SandboxLevel.None;
        var found = isCaged
            ? GrantSearch.In(realReads.Concat(realWrites.Skip(1)), WorkspacePaths.LedgerName, WorkspacePaths.IsWorkspace)
            : new GrantSearch(MayHoldSockets: true, []);
        var others = found.Workspaces.Where(w => w != workspace.Root).ToList();
        var unnamed = others.Where(o => !IsNamed(o, realReads.Concat(realWrites)));
        return new CagePlan
        {
            Level = effect.Sandbox,
            Reads = realReads,
            Writes = realWrites,
            Hides = Real([workspace.Root, workspace.Folder(effect.Root), .. effect.Hidden.Select(Absolute), .. unnamed]),
            Sealed = [.. others.Append(workspace.Root).SelectMany(WorkspacePaths.Secret)],
            MayHoldSockets = found.MayHoldSockets || (isCaged && SystemSockets.MayExist()),
            Aliases = [.. reads.Concat(writes).Select(p => (Name: p, Real: RealPath.Of(p))).Where(p => p.Name != p.Real).Distinct()],
            WorkFolder = work,
            Reach = effect.Network,
            NeedsWayOut = !effect.Network.Hosts.IsEmpty || (effect.Gateway is not null && !effect.Network.IsOpen),
        };
    }

    /// <summary>Whether a grant names another workspace, or something in it: then all of that is shown but ledger and keys.</summary>
    private static bool IsNamed(string other, IEnumerable<string> granted) => granted.Any(g => MountOrder.IsBelow(g, other));

    private static ImmutableArray<string> Real(IEnumerable<string> paths) => [.. paths.Select(RealPath.Of).Distinct(StringComparer.Ordinal)];

    /// <summary>The program's own file, and what it is if its name is a link.</summary>
    private static IEnumerable<string> ProgramFiles(string program)
    {
        yield return program;
        if (File.Exists(program) && File.ResolveLinkTarget(program, returnFinalTarget: true) is { } target) yield return target.FullName;
    }

    /// <summary>
    /// What is granted for writing must not be the workspace's, where other runs' evidence lies, nor let it be moved away: it may lie
    /// directly in a granted folder, where it is covered, but not deeper.
    /// </summary>
    private ProcessEnd? Trespass(RunProcess effect, string root)
    {
        if (effect.WorkFolder is { } work && !Path.IsPathRooted(work) && Displaced(root, work) is { } problem)
        {
            return ProcessEnd.NotStarted(problem);
        }

        var above = Path.GetDirectoryName(workspace.Root) ?? "/";
        foreach (var path in effect.Writable.Select(p => RealPath.Of(Path.GetFullPath(Path.Combine(root, p)))))
        {
            var isInside = MountOrder.IsBelow(path, workspace.Root);
            if (!isInside && (path == above || !MountOrder.IsBelow(workspace.Root, path))) continue;
            var place = isInside ? "holds" : "lies deep in";
            return ProcessEnd.NotStarted($"the workspace {workspace.Root} {place} {path}, which is to be changed: choose a --workspace elsewhere");
        }

        return null;
    }

    /// <summary>Why a folder of the workspace is not what it was made as; null when it is.</summary>
    private static string? Displaced(string root, string folder)
    {
        try
        {
            using var top = FolderHandle.OpenNamed(root);
            using var found = top.FindFolder(folder);
            return found is null ? $"{folder} is not there any more" : null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>What is declared stands over what is inherited; HOME and TMPDIR are the run's own where it is caged.</summary>
    private static IEnumerable<string> Variables(RunProcess effect, string root, string folder)
    {
        var own = effect.Sandbox == SandboxLevel.None
            ? []
            : PrivateHome.Variables(folder).Where(v => !effect.Environment.ContainsKey(v.Name)).ToList();
        return
        [
            .. Inherited(effect).Where(v => v[..v.IndexOf('=', StringComparison.Ordinal)] is var name
                && !own.Exists(o => o.Name == name) && !effect.Environment.ContainsKey(name)),
            .. own.Select(o => $"{o.Name}={o.Value}"),
            .. effect.Environment.Select(v => $"{v.Key}={Fill(effect, v.Value, root, folder)}"),
        ];
    }

    private static IEnumerable<string> Inherited(RunProcess effect) => effect.Inherit
        .Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
        .Where(v => v.Value is not null)
        .Select(v => $"{v.Name}={v.Value}");

    private static string WorkFolder(RunProcess effect, string root, string folder) => effect.WorkFolder switch
    {
        null => folder,
        { } work when Path.IsPathRooted(work) => work,
        { } work => Path.Combine(root, work),
    };

    private static string Fill(RunProcess effect, string text, string root, string folder) => text
        .Replace("{run_root}", folder, StringComparison.Ordinal)
        .Replace("{root}", root, StringComparison.Ordinal)
        .Replace("{work_folder}", WorkFolder(effect, root, folder), StringComparison.Ordinal);
}
