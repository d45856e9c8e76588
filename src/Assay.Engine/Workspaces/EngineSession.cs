using System.Globalization;
using Assay.Engine.Native;
using Assay.Engine.Runner;
using Assay.Ledger;

namespace Assay.Engine.Workspaces;

/// <summary>This process as an owner of streams: one lease for all its claims, renewed in the background.</summary>
public sealed class EngineSession : IAsyncDisposable
{
    /// <summary>The name of the threads on which an engine runs processes, by which it is known to others on this host.</summary>
    public const string ThreadName = RunnerThreads.Name;

    /// <summary>How long a session is believed to live after its last renewal.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly IEventStore _store;
    private readonly HostClock _clock;
    private readonly CancellationTokenSource _lost = new();
    private readonly ITimer _renewal;

    private EngineSession(IEventStore store, TimeProvider time, HostClock clock, WorkerSession identity)
    {
        (_store, _clock, Identity) = (store, clock, identity);
        _renewal = time.CreateTimer(_ => _ = RenewAsync(), null, Lease / 3, Lease / 3);
    }

    public WorkerSession Identity { get; }

    /// <summary>Cancelled when the lease could not be renewed: others may own our streams now, so all work must end.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The clocks by which this session takes its lease and judges those of others.</summary>
    public HostTime Now => _clock.Now;

    /// <summary>Opens a session for this process.</summary>
    /// <param name="store">Where it is known.</param>
    /// <param name="time">The clock, which renews the lease too.</param>
    /// <param name="clock">The clocks of the lease; null: that one and the kernel's.</param>
    public static async Task<EngineSession> OpenAsync(IEventStore store, TimeProvider time, HostClock? clock = null)
    {
        clock ??= new HostClock(time);
        var pid = Environment.ProcessId;
        var start = ProcFs.Read(pid)?.StartTicks ?? 0;
        var now = clock.Now;
        var id = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{pid}-{start}-{Guid.CreateVersion7():N}");
        var identity = new WorkerSession(id, now.Host, now.BootId, pid, start, now.Plus(Lease));
        await store.OpenSessionAsync(identity);
        return new EngineSession(store, time, clock, identity);
    }

    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync();
        try
        {
            await _store.EndSessionsAsync(Identity.Id);
        }
        catch (LedgerException)
        {
            // The store failed before; the lease runs out by itself.
        }

        _lost.Dispose();
    }

    private async Task RenewAsync()
    {
        try
        {
            if (await _store.RenewSessionAsync(Identity.Id, _clock.Now.Plus(Lease))) return;
        }
        catch (Exception)
        {
            // Not renewed, for whatever reason: the lease cannot be relied on.
        }

        try
        {
            await _lost.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The session is being closed.
        }
    }
}
