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
    private readonly CancellationTokenSource _lost = new();
    private readonly ITimer _renewal;

    private EngineSession(IEventStore store, TimeProvider time, WorkerSession identity)
    {
        (_store, Identity) = (store, identity);
        _renewal = time.CreateTimer(_ => _ = RenewAsync(), null, Lease / 3, Lease / 3);
    }

    public WorkerSession Identity { get; }

    /// <summary>Cancelled when the lease could not be renewed: others may own our streams now, so all work must end.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Opens a session for this process.</summary>
    /// <param name="store">Where it is known.</param>
    /// <param name="time">Says when it is time to renew the lease.</param>
    public static async Task<EngineSession> OpenAsync(IEventStore store, TimeProvider time)
    {
        var pid = Environment.ProcessId;
        var start = ProcFs.Read(pid)?.StartTicks ?? 0;
        var id = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{pid}-{start}-{Guid.CreateVersion7():N}");
        var identity = new WorkerSession(id, Environment.MachineName, SessionProcess.BootId, pid, start);
        await store.OpenSessionAsync(identity, Lease);
        return new EngineSession(store, time, identity);
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
            if (await _store.RenewSessionAsync(Identity.Id, Lease)) return;
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
