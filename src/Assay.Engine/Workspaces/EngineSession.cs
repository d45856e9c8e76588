using System.Globalization;
using Assay.Engine.Processes.Native;
using Assay.Ledger;

namespace Assay.Engine.Workspaces;

/// <summary>This process as an owner of streams: one lease for all its claims, renewed in the background.</summary>
public sealed class EngineSession : IAsyncDisposable
{
    /// <summary>How long a session is believed to live after its last renewal.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly IEventStore _store;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly ITimer _renewal;

    private EngineSession(IEventStore store, TimeProvider time, WorkerSession identity)
    {
        (_store, _time, Identity) = (store, time, identity);
        _renewal = time.CreateTimer(_ => _ = RenewAsync(), null, Lease / 3, Lease / 3);
    }

    public WorkerSession Identity { get; }

    /// <summary>Cancelled when the lease could not be renewed: others may own our streams now, so all work must end.</summary>
    public CancellationToken Lost => _lost.Token;

    public static async Task<EngineSession> OpenAsync(IEventStore store, TimeProvider time)
    {
        var pid = Environment.ProcessId;
        var start = ProcFs.Read(pid)?.StartTicks ?? 0;
        var boot = ProcFs.BootId();
        var id = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{pid}-{start}-{Guid.CreateVersion7():N}");
        var identity = new WorkerSession(id, Environment.MachineName, boot, pid, start, time.GetUtcNow() + Lease);
        await store.OpenSessionAsync(identity);
        return new EngineSession(store, time, identity);
    }

    /// <summary>Whether it can be proved that a session's process is gone: same host, and another boot or no such process any more.</summary>
    public bool IsDead(WorkerSession other)
    {
        if (other.Host != Identity.Host) return false;
        if (other.BootId != Identity.BootId) return true;
        return ProcFs.Read(other.ProcessId) is not { } found || found.StartTicks != other.StartTicks || found.State == 'Z';
    }

    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync();
        try
        {
            await _store.CloseSessionAsync(Identity.Id);
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
            if (await _store.RenewSessionAsync(Identity.Id, _time.GetUtcNow() + Lease)) return;
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
