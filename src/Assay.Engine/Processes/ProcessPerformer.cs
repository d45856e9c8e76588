using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Assay.Engine.Files;
using Assay.Engine.Processes.Containment;
using Assay.Engine.Processes.Sandbox;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Processes;

/// <summary>Performs <see cref="RunProcess"/>: a fresh folder, inputs in place, the capped process, and what it left as evidence.</summary>
internal sealed class ProcessPerformer(Workspace workspace, AttemptMarkers markers, ContainmentPool containments, TimeProvider time)
    : IEffectPerformer, IDisposable
{
    private const string MarkVariable = "ASSAY_ATTEMPT";

    /// <summary>Standard output up to this size is shown to the lane.</summary>
    private const long MaxShownBytes = 8L << 20;

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
            return await _threads.RunAsync(() => Perform(attempt, (RunProcess)attempt.Effect, cancel));
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
                foreach (var file in traces.Output.Select(o => Path.Combine(traces.Root, o)).Where(File.Exists)) DurableFile.Sync(file);
                failed = failed with
                {
                    Stdout = Partial(traces.Root, stdout) ?? failed.Stdout,
                    Stderr = Partial(traces.Root, stderr) ?? failed.Stderr,
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
        if (sameBoot && markers.TryCreate(attempt.Key)) return new Reconciliation.NotStarted(MarkerHeld: true);
        var traces = markers.Read(attempt.Key);
        var ended = sameBoot && traces is not null ? ContainmentPool.End(traces.Containment).Count : 0;
        var partial = traces is null ? [] : traces.Output.Select(o => Partial(traces.Root, o)).OfType<Captured>().ToImmutableArray();
        var reason = sameBoot ? $"the engine died while it ran; {ended} processes were still there and were ended" : "the machine went down while it ran";
        return new Reconciliation.Interrupted(reason, partial);
    }

    public void Dispose() => _threads.Dispose();

    private EffectResult Perform(Attempt attempt, RunProcess effect, CancellationToken cancel)
    {
        var root = workspace.Folder(effect.Root);
        var runRoot = FreshPath.CreateFolder(root, effect.RunRoot);
        var folder = Path.Combine(root, runRoot);
        Directory.CreateDirectory(Path.GetDirectoryName(RootedPath.Resolve(root, effect.StdoutFile))!);
        var stdoutFile = FreshPath.File(root, effect.StdoutFile);
        var stderrFile = FreshPath.File(root, effect.StderrFile);
        using var stdout = new OutputCapture(Path.Combine(root, stdoutFile), effect.Caps.StdoutBytes, Tap(attempt, effect, "stdout"));
        using var stderr = new OutputCapture(Path.Combine(root, stderrFile), effect.Caps.StderrBytes, Tap(attempt, effect, "stderr"));
        var mark = $"{MarkVariable}={Digest.Of($"{workspace.Root}\n{attempt.Key}").Short(32)}";
        var containment = containments.Rent(mark);
        try
        {
            markers.Describe(attempt.Key, new AttemptTraces(containment.Handle, root, [stdoutFile, stderrFile]));
            var staging = new RunRootStaging(effect, workspace.Root, root, folder, workspace.Store.ReadBlob);
            var changed = staging.Stage();
            var startedAt = time.GetUtcNow();
            var (command, problem) = Command(effect, root, folder);
            var end = changed.Count > 0 || problem is not null
                ? null
                : Run(effect, command, mark, root, folder, containment, stdout, stderr, attempt.Progress, startedAt, cancel);
            problem ??= end is { StartErrno: not 0 } ? $"{command[0]}: {Marshal.GetPInvokeErrorMessage(end.StartErrno)}" : null;
            if (end is not null) changed.AddRange(staging.Changed());
            return Result(effect, end, problem, changed, startedAt, root, runRoot, (stdoutFile, stdout), (stderrFile, stderr), containment);
        }
        finally
        {
            containments.Return(containment);
        }
    }

    private static Action<byte[]>? Tap(Attempt attempt, RunProcess effect, string stream) =>
        effect.Live ? bytes => attempt.Progress(new ProcessOutput(stream, bytes)) : null;

    private ProcessEnd Run(
        RunProcess effect, IReadOnlyList<string> command, string mark, string root, string folder, IContainment containment, OutputCapture stdout,
        OutputCapture stderr, Action<object> progress, DateTimeOffset startedAt, CancellationToken cancel)
    {
        using var signal = new CancelSignal(cancel);
        var start = new ProcessStart
        {
            Command = command,
            Environment = [.. Inherited(effect), .. effect.Environment.Select(v => $"{v.Key}={Fill(effect, v.Value, root, folder)}"), mark],
            Folder = WorkFolder(effect, root, folder),
            DiskFolder = WorkFolder(effect, root, folder),
            DiskBytesBefore = effect is { WorkFolder: not null, Caps.DiskBytes: not null } ? DiskMeter.Bytes(WorkFolder(effect, root, folder)) : 0,
            Stdin = effect.StdinDocument is { } document ? workspace.Store.ReadBlob(document) : effect.Stdin is null ? null : Encoding.UTF8.GetBytes(effect.Stdin),
            Caps = effect.Caps,
            Meter = effect.Meter,
            Deadline = effect.NotAfter is { } notAfter ? notAfter - startedAt : null,
        };
        return CappedProcess.Run(start, containment, stdout, stderr, signal, progress);
    }

    private (IReadOnlyList<string> Command, string? Problem) Command(RunProcess effect, string root, string folder)
    {
        string[] command = [.. effect.Command.Select(w => Fill(effect, w, root, folder))];
        var path = Inherited(effect).FirstOrDefault(v => v.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..] ?? "/usr/bin:/bin";
        if (ProgramPath.Find(command[0], path) is not { } program) return (command, $"{command[0]}: not found in PATH");
        command[0] = program;
        if (effect.Sandbox == SandboxLevel.None) return (command, null);
        if (Bubblewrap.Find() is not { } bwrap) return (command, "sandbox asked for and bubblewrap is not installed");
        if (program.Contains('/', StringComparison.Ordinal) && !File.Exists(Path.Combine(WorkFolder(effect, root, folder), program))) return (command, $"{program}: No such file or directory");
        string[] hidden = [.. new[] { workspace.Root, workspace.Folder(effect.Root) }.Distinct(StringComparer.Ordinal)];
        string[] visible = program.StartsWith('/') ? [Path.GetDirectoryName(program)!] : [];
        var readable = effect.Readable.Select(p => Path.GetFullPath(Path.Combine(root, p))).Where(Path.Exists);
        return ([.. Bubblewrap.Words(bwrap, effect.Sandbox, [folder, WorkFolder(effect, root, folder)], hidden, visible, readable), .. command], null);
    }

    private static IEnumerable<string> Inherited(RunProcess effect) => effect.Inherit
        .Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
        .Where(v => v.Value is not null)
        .Select(v => $"{v.Name}={v.Value}");

    private static string WorkFolder(RunProcess effect, string root, string folder) => effect.WorkFolder is { } work ? RootedPath.Resolve(root, work) : folder;

    private static string Fill(RunProcess effect, string text, string root, string folder) => text
        .Replace("{run_root}", folder, StringComparison.Ordinal)
        .Replace("{root}", root, StringComparison.Ordinal)
        .Replace("{work_folder}", WorkFolder(effect, root, folder), StringComparison.Ordinal);

    private static EffectResult Result(
        RunProcess effect, ProcessEnd? end, string? problem, List<string> changed, DateTimeOffset startedAt, string root, string runRoot,
        (string File, OutputCapture Capture) stdout, (string File, OutputCapture Capture) stderr, IContainment containment)
    {
        var evidence = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var blobs = new List<Blob>();
        var synced = new List<string>();
        Keep(stdout, root, blobs, synced);
        Keep(stderr, root, blobs, synced);
        if (stdout.Capture.SizeBytes <= MaxShownBytes) evidence["stdout"] = stdout.Capture.Small ?? File.ReadAllBytes(Path.Combine(root, stdout.File));
        var folder = Path.Combine(root, runRoot);
        var files = effect.Collect.Select(wanted => Collect(folder, wanted, evidence, blobs, synced)).ToImmutableArray();
        DurableFile.SyncFolders(root, synced);
        var (listed, listProblem) = effect.List is { } listing ? FolderLister.List(Path.Combine(folder, listing.Folder), listing) : ([], null);
        var outcome = new ProcessOutcome
        {
            StartError = problem,
            ExitCode = problem is null ? end?.ExitCode : null,
            Signal = end?.Signal,
            KillReason = end?.Reason,
            StartedAt = startedAt,
            DurationMs = end?.DurationMs ?? 0,
            CpuTimeMs = end?.CpuMs ?? 0,
            PeakRssBytes = end?.PeakRssBytes ?? 0,
            Stdout = Describe(stdout.File, stdout.Capture),
            Stderr = Describe(stderr.File, stderr.Capture),
            RunRoot = runRoot,
            RunRootPresent = Directory.Exists(folder) && !RootedPath.IsLink(folder),
            LeakedProcesses = end?.Leaked ?? 0,
            ProcessLimitHits = end?.ProcessLimitHits ?? 0,
            Files = files,
            Listed = listed,
            ListProblem = listProblem,
            CostMicroUsd = end?.CostMicroUsd,
            MeterProblem = end?.MeterProblem,
            ChangedInputs = [.. changed],
            Caps = InForce(effect, containment),
        };
        return new EffectResult(outcome, evidence, blobs);
    }

    /// <summary>Small output goes into the ledger's transaction; large output is synced here, before its outcome is recorded (ruling 5).</summary>
    private static void Keep((string File, OutputCapture Capture) output, string root, List<Blob> blobs, List<string> synced)
    {
        if (output.Capture.Small is { } small)
        {
            if (small.Length > 0) blobs.Add(new Blob(output.Capture.Digest(), small));
            return;
        }

        output.Capture.Sync();
        synced.Add(Path.Combine(root, output.File));
    }

    private static CollectedFile Collect(
        string folder, CollectedName wanted, Dictionary<string, ReadOnlyMemory<byte>> evidence, List<Blob> blobs, List<string> synced)
    {
        var (file, content) = EvidenceReader.Read(folder, wanted);
        if (file.Sha256 is not { } digest) return file;
        if (content is not null) evidence[wanted.Name] = content;
        if (content is not null && (wanted.Keep || content.Length <= OutputCapture.SmallBytes))
        {
            blobs.Add(new Blob(digest, content));
            return file;
        }

        var path = Path.Combine(folder, wanted.Name);
        DurableFile.Sync(path);
        synced.Add(path);
        return file;
    }

    private static Captured Describe(string file, OutputCapture capture) => new(file, capture.SizeBytes, capture.Digest(), capture.Truncated);

    private static CapsInForce InForce(RunProcess effect, IContainment containment) => new()
    {
        Time = new CapInForce(effect.Caps.TimeMs, Enforcement.Polled, "clock+signal"),
        CpuTime = containment.CpuTime(effect.Caps.CpuTimeMs),
        Memory = containment.Memory(effect.Caps.MemoryBytes),
        Stdout = new CapInForce(effect.Caps.StdoutBytes, Enforcement.Polled, "pipe"),
        Stderr = new CapInForce(effect.Caps.StderrBytes, Enforcement.Polled, "pipe"),
        Processes = containment.Processes(effect.Caps.Processes),
        Disk = new CapInForce(effect.Caps.DiskBytes, effect.Caps.DiskBytes is null ? Enforcement.None : Enforcement.Polled, "folder size+rlimit:fsize per file"),
        Isolation = effect.Sandbox == SandboxLevel.None ? "none" : $"{Bubblewrap.Name}:{effect.Sandbox.ToString().ToLowerInvariant()}",
    };

    private static Captured? Partial(string root, string file)
    {
        var (found, _) = EvidenceReader.Read(root, new CollectedName(file, long.MaxValue, Content: false));
        return found.Sha256 is { } digest ? new Captured(file, found.SizeBytes, digest, Truncated: true) : null;
    }
}
