using System.Collections.Immutable;
using Assay.Engine.Performers.Files;
using Assay.Engine.Runner;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Process;

/// <summary>What a process left as evidence: its outputs, the files that were asked for, and the caps as they were in force.</summary>
internal static class ProcessEvidence
{
    /// <summary>Output up to this size is shown to the lane.</summary>
    private const long MaxShownBytes = 8L << 20;

    /// <summary>The outcome of a process, and what it left.</summary>
    public static EffectResult Of(
        RunProcess effect, ProcessEnd? end, List<string> changed, DateTimeOffset startedAt, string root, string runRoot,
        (string File, OutputCapture Capture) stdout, (string File, OutputCapture Capture) stderr, IContainment containment, CancellationToken over)
    {
        var evidence = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var blobs = new List<Blob>();
        var synced = new List<string>();
        Keep(stdout, root, blobs, synced);
        Keep(stderr, root, blobs, synced);
        if (Shown(stdout, root) is { } shown) evidence["stdout"] = shown;
        if (effect.ShowsStderr && Shown(stderr, root) is { } said) evidence["stderr"] = said;
        var folder = Path.Combine(root, runRoot);
        var files = effect.Collect.Select(wanted => Collect(folder, wanted, evidence, blobs, synced, over)).ToImmutableArray();
        DurableFile.SyncFolders(root, synced);
        var (listed, listProblem) = effect.List is { } listing
            ? FolderLister.List(Path.Combine(folder, listing.Folder), listing, over)
            : ([], null);
        var outcome = new ProcessOutcome
        {
            StartError = end?.StartProblem,
            StartErrno = end?.StartErrno,
            ExitCode = end?.ExitCode,
            Signal = end?.Signal,
            KillReason = end?.Reason,
            ProbableReason = end?.ProbableReason,
            StartedAt = startedAt,
            DurationMs = end?.DurationMs ?? 0,
            CpuTimeMs = end?.CpuMs ?? 0,
            PeakRssBytes = end?.PeakRssBytes ?? 0,
            Stdout = Describe(stdout.File, stdout.Capture),
            Stderr = Describe(stderr.File, stderr.Capture),
            RunRoot = runRoot,
            RunRootPresent = IsFolder(folder),
            LeakedProcesses = end?.Leaked ?? 0,
            ProcessLimitHits = end?.ProcessLimitHits ?? 0,
            Files = files,
            Listed = listed,
            ListProblem = listProblem,
            Cost = end?.Cost,
            MeterProblem = end?.MeterProblem,
            ChangedInputs = [.. changed],
            Egress = end?.Egress,
            Gateway = end?.Gateway,
            Caps = InForce(effect, containment),
        };
        return new EffectResult(outcome, evidence, blobs);
    }

    /// <summary>
    /// Small output goes into the ledger's transaction; large output is synced here, before its outcome is recorded (ruling 5).
    /// </summary>
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

    /// <summary>What it printed, as far as the lane may see it whole; null when that is too much, or not there any more.</summary>
    private static byte[]? Shown((string File, OutputCapture Capture) output, string root)
    {
        if (output.Capture.SizeBytes > MaxShownBytes) return null;
        if (output.Capture.Small is { } small) return small;
        var (file, content) = EvidenceReader.ReadNamed(root, new CollectedName(output.File, MaxShownBytes, Content: true));
        return file.Sha256 == output.Capture.Digest() ? content : null;
    }

    private static bool IsFolder(string path)
    {
        try
        {
            using var folder = FolderHandle.Find(path);
            return folder is not null;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static CollectedFile Collect(
        string folder, CollectedName wanted, Dictionary<string, ReadOnlyMemory<byte>> evidence, List<Blob> blobs, List<string> synced, CancellationToken over)
    {
        var (file, content) = EvidenceReader.Read(folder, wanted, over);
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
        Disk = effect.Caps switch
        {
            { DiskInMemory: true } => new CapInForce(effect.Caps.DiskBytes, Enforcement.Kernel, "tmpfs:size,nr_inodes"),
            { DiskBytes: { } bytes } => new CapInForce(bytes, Enforcement.Polled, "blocks of folders and open files+rlimit:fsize"),
            _ => new CapInForce(null, Enforcement.None, "blocks of folders and open files+rlimit:fsize"),
        },
        Network = effect.Network.Hosts.IsEmpty ? null : new CapInForce(
            effect.Caps.NetworkBytes, effect.Caps.NetworkBytes is null ? Enforcement.None : Enforcement.Polled, "relay: counted before it passes"),
        Isolation = CageReport.Isolation(effect.Sandbox),
        Cage = CageReport.Of(effect, containment),
    };

    /// <summary>What there is of an output whose process was lost; null: nothing.</summary>
    public static Captured? Partial(string root, string file)
    {
        var (found, _) = EvidenceReader.ReadNamed(root, new CollectedName(file, long.MaxValue, Content: false));
        return found.Sha256 is { } digest ? new Captured(file, found.SizeBytes, digest, Truncated: true) : null;
    }
}
