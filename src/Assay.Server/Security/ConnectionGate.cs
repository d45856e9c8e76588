using Microsoft.AspNetCore.Connections;

namespace Assay.Server.Security;

/// <summary>
/// Bounds the connections by the descriptors that there are. When all are taken, the oldest goes that has proved nothing, so that nobody
/// without credentials keeps out those who have them.
/// </summary>
/// <param name="most">The most connections.</param>
internal sealed class ConnectionGate(int most)
{
    /// <summary>The fewest descriptors with which anybody can be served.</summary>
    public const long LeastDescriptors = 512;

    /// <summary>What the runtime, the ledger, files and watchers need of them: about 230 when nobody is there.</summary>
    private const long Reserve = 320;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<ConnectionContext>> _byId = new(StringComparer.Ordinal);
    private readonly LinkedList<ConnectionContext> _strangers = new();

    /// <summary>A gate for a process that may hold so many descriptors open.</summary>
    public static ConnectionGate For(long descriptors) => new((int)Math.Clamp((descriptors - Reserve) / 2, 16, 4096));

    public async Task PassAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!TryEnter(connection, out var leaves))
        {
            connection.Abort();
            return;
        }

        leaves?.Abort();
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(connection.ConnectionId);
        }
    }

    /// <summary>A request on this connection has brought credentials.</summary>
    public void Prove(string connectionId)
    {
        lock (_gate)
        {
            if (_byId.TryGetValue(connectionId, out var node) && node.List is not null) _strangers.Remove(node);
        }
    }

    private bool TryEnter(ConnectionContext connection, out ConnectionContext? leaves)
    {
        lock (_gate)
        {
            leaves = null;
            if (_byId.Count >= most)
            {
                if (_strangers.First is not { } oldest) return false;
                _strangers.Remove(oldest);
                _byId.Remove(oldest.Value.ConnectionId);
                leaves = oldest.Value;
            }

            _byId.Add(connection.ConnectionId, _strangers.AddLast(connection));
            return true;
        }
    }

    private void Leave(string connectionId)
    {
        lock (_gate)
        {
            if (_byId.Remove(connectionId, out var node) && node.List is not null) _strangers.Remove(node);
        }
    }
}
