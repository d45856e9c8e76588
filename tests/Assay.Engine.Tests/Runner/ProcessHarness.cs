using System.Collections.Immutable;
using Assay.Engine.Native;
using Assay.Engine.Performers;
using Assay.Engine.Performers.Process;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Tests.Runner;

/// <summary>Runs one process through the real performer, in a workspace of its own, and looks for what it left running.</summary>
internal sealed class ProcessHarness : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly Workspace _workspace;
    private readonly ContainmentPool _pool;
    private readonly AttemptMarkers _markers;
    private readonly ProcessPerformer _performer;
    private readonly string _token = $"ASSAY_TEST_TOKEN={Guid.NewGuid():N}";
    private int _runs;

    private ProcessHarness(TemporaryFolder folder, Workspace workspace, ContainmentMode mode)
    {
        (_folder, _workspace) = (folder, workspace);
        _pool = new ContainmentPool(mode);
        _markers = new AttemptMarkers(WorkspacePaths.Attempts(_workspace.Root));
        _performer = new ProcessPerformer(_workspace, _markers, _pool, TimeProvider.System);
    }

    public static async Task<ProcessHarness> OpenAsync(ContainmentMode mode)
    {
        var folder = new TemporaryFolder();
        return new ProcessHarness(folder, await Workspace.OpenAsync(folder.Under("w"), new LaneSet()), mode);
    }

    public static ProcessCaps Caps => new() { TimeMs = 20_000, KillMs = 20_300, StdoutBytes = 1 << 20, StderrBytes = 1 << 20, MemoryBytes = 256L << 20, Processes = 100 };

    public async Task<(ProcessOutcome Outcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Evidence)> RunAsync(
        string shellText, ProcessCaps? caps = null, Func<RunProcess, RunProcess>? change = null, CancellationToken cancel = default)
    {
        var effect = new RunProcess($"test/{++_runs}")
        {
            Command = ["/bin/sh", "-c", shellText],
            Environment = ImmutableSortedDictionary<string, string>.Empty.Add(_token.Split('=')[0], _token.Split('=')[1]),
            Inherit = ["PATH"],
            RunRoot = "runs/one",
            StdoutFile = "out/stdout.json",
            StderrFile = "out/stderr.log",
            Caps = caps ?? Caps,
            Sandbox = SandboxLevel.None,
        };
        var attempt = new Attempt(StreamName.Of("test", "T"), change?.Invoke(effect) ?? effect, 1, static _ => { });
        var result = await _performer.PerformAsync(attempt, cancel);
        return ((ProcessOutcome)result.Outcome, result.Evidence);
    }

    public string PathOf(string relative) => Path.Combine(_workspace.Root, relative);

    /// <summary>Processes of this test that are still there: found by their environment, wherever they have moved to.</summary>
    public IReadOnlyList<int> Survivors() => [.. ProcFs.All().Where(p => p.State != 'Z' && ProcFs.HasVariable(p.Pid, _token)).Select(p => p.Pid)];

    public async ValueTask DisposeAsync()
    {
        _performer.Dispose();
        _pool.Dispose();
        _markers.Dispose();
        await _workspace.DisposeAsync();
        _folder.Dispose();
    }
}
