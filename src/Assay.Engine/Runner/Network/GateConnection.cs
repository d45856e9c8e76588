using System.Net;
using System.Net.Sockets;
using Assay.Kernel.Effects;

namespace Assay.Engine.Runner.Network;

/// <summary>One connection of a run: where it may go, and the way there.</summary>
internal sealed class GateConnection(HostList hosts, NameLookups lookups, EgressLog log, TrafficCap cap, int? modelPort)
{
    /// <summary>How the record calls a run's gateway to its model.</summary>
    private const string ModelName = "model-gateway";

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(15);

    /// <summary>Is told of what should not happen, after which nothing may pass any more.</summary>
    public required Action<Exception> Failed { get; init; }

    /// <summary>Serves a connection until it ends. Owns the socket, and its part of <see cref="ConnectionShare"/>.</summary>
    /// <param name="inside">The run's side.</param>
    /// <param name="to">Where it goes as the run sees it.</param>
    /// <param name="ended">The end of the run.</param>
    public async Task ServeAsync(Socket inside, IPEndPoint to, CancellationToken ended)
    {
        using var held = inside;
        try
        {
            await AnswerAsync(inside, to, ended).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            // Either side may go at any moment.
            log.Note(EgressProtocol.Tcp, hosts.NameOf(to.Address), to.Port, EgressVerdict.Unreachable, e.Message);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (Exception e)
        {
            Failed(e);
        }
        finally
        {
            ConnectionShare.Release();
        }
    }

    private async Task AnswerAsync(Socket inside, IPEndPoint to, CancellationToken ended)
    {
        if (modelPort is { } port && to.Port == NetworkGate.ModelPort && IPAddress.IsLoopback(to.Address))
        {
            await ToModelAsync(inside, port, ended).ConfigureAwait(false);
            return;
        }

        hosts.Judge(to.Address, to.Port, out var name, out var reason);
        var shown = name ?? to.Address.ToString();
        if (reason is not null)
        {
            log.Note(EgressProtocol.Tcp, shown, to.Port, EgressVerdict.Refused, reason);
            Reset(inside);
            return;
        }

        // A question for a name below a wildcard carries what the run wants to say.
        if (name is not null && !cap.TryTake(name.Length))
        {
            Reset(inside);
            return;
        }

        var (outside, problem, isRefused) = await ConnectAsync(name, to, ended).ConfigureAwait(false);
        if (outside is null)
        {
            log.Note(EgressProtocol.Tcp, shown, to.Port, isRefused ? EgressVerdict.Refused : EgressVerdict.Unreachable, problem);
            Reset(inside);
            return;
        }

        using (outside)
        {
            var relay = new Relay(inside, outside, name, new IPEndPoint(((IPEndPoint)outside.RemoteEndPoint!).Address, to.Port), log, cap);
            var own = (IPEndPoint)outside.LocalEndPoint!;
            RelayedConnections.Add(own);
            try
            {
                if (await relay.RunAsync(ended).ConfigureAwait(false) == Relay.End.Done) return;
                Reset(inside);
                Reset(outside);
            }
            finally
            {
                RelayedConnections.Remove(own);
            }
        }
    }

    /// <summary>To the gateway, which keeps a record of its own; its bytes are not those of hosts.</summary>
    private async Task ToModelAsync(Socket inside, int port, CancellationToken ended)
    {
        var (outside, failure) = await TryAsync(new IPEndPoint(IPAddress.Loopback, port), ended).ConfigureAwait(false);
        if (outside is null)
        {
            log.Note(EgressProtocol.Tcp, ModelName, NetworkGate.ModelPort, EgressVerdict.Unreachable, failure);
            Reset(inside);
            return;
        }

        using (outside)
        {
            var to = new IPEndPoint(IPAddress.Loopback, NetworkGate.ModelPort);
            var relay = new Relay(inside, outside, null, to, log, new TrafficCap(null)) { Shown = ModelName };
            if (await relay.RunAsync(ended).ConfigureAwait(false) != Relay.End.Done) Reset(inside);
        }
    }

    /// <summary>The first of its addresses that may be connected to and answers.</summary>
    private async Task<(Socket? Outside, string? Problem, bool IsRefused)> ConnectAsync(string? name, IPEndPoint to, CancellationToken ended)
    {
        try
        {
            var addresses = name is null ? [to.Address] : await lookups.FindAsync(name, ended).ConfigureAwait(false);
            var (problem, isRefused) = ("has no address", false);
            foreach (var address in addresses)
            {
                if (name is not null && hosts.Problem(name, address, to.Port) is { } refusal)
                {
                    (problem, isRefused) = (refusal, true);
                    continue;
                }

                isRefused = false;
                var (outside, failure) = await TryAsync(new IPEndPoint(address, to.Port), ended).ConfigureAwait(false);
                if (outside is not null) return (outside, null, false);
                problem = failure!;
            }

            return (null, problem, isRefused);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return (null, e is SocketException ? $"cannot be resolved: {e.Message}" : "the run ended first", false);
        }
    }

    private static async Task<(Socket? Outside, string? Failure)> TryAsync(IPEndPoint to, CancellationToken ended)
    {
        Socket? outside = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ended);
        patience.CancelAfter(ConnectPatience);
        try
        {
            outside = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await outside.ConnectAsync(to, patience.Token).ConfigureAwait(false);
            return (outside, null);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            outside?.Dispose();
            return (null, e is SocketException ? e.Message : "no answer");
        }
    }

    /// <summary>Has the other side see a connection that was refused, not one that ended.</summary>
    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (SocketException)
        {
            // It is gone already.
        }
    }
}
