using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Assay.Engine.Runner.Network;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Tests.Runner.Network;

/// <summary>One connection behind a gate, with a resolver that says what a test wants.</summary>
public sealed class GateConnectionTests : IDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();

    public GateConnectionTests() => _server.Start();

    private bool _isKnown;

    private int Port => ((IPEndPoint)_server.LocalEndpoint).Port;

    public void Dispose()
    {
        _server.Dispose();
        _ended.Dispose();
    }

    [Fact]
    public async Task A_listed_name_is_reached_where_its_address_is_listed_too()
    {
        var (answer, egress) = await AskAsync("hello\n", [$"api.test:{Port}", $"127.0.0.1:{Port}"], _ => [IPAddress.Loopback]);
        Assert.Equal("hello\n", answer);
        Assert.True(_isKnown, "whoever is asked can find out that a run asks");
        var line = Assert.Single(egress.Attempts);
        Assert.Equal(("api.test", EgressVerdict.Allowed, 6L, 6L), (line.Host, line.Verdict, line.BytesSent, line.BytesReceived));
    }

    [Fact]
    public void A_name_may_not_lead_to_this_machine()
    {
        Assert.True(PublicAddress.IsOwn(IPAddress.Loopback));
        // Others of the same block: the kernel would speak to them from the first.
        Assert.True(PublicAddress.IsOwn(IPAddress.Parse("127.77.1.2")));
        Assert.True(PublicAddress.IsOwn(IPAddress.Parse("::ffff:127.77.1.2")));
        Assert.False(PublicAddress.IsOwn(IPAddress.Parse("192.0.2.1")));
        var list = new HostList([Host("api.test:80")]);
        Assert.Contains("not public", list.Problem("api.test", IPAddress.Loopback, 80), StringComparison.Ordinal);
        Assert.Null(list.Problem("api.test", IPAddress.Parse("93.184.216.34"), 80));
    }

    [Fact]
    public async Task What_was_begun_and_ended_in_its_beginning_passes()
    {
        var (answer, _) = await AskAsync("EHLO me", [$"api.test:{Port}", $"127.0.0.1:{Port}"], _ => [IPAddress.Loopback]);
        Assert.Equal("EHLO me", answer);
    }

    [Fact]
    public async Task Empty_lines_without_end_are_not_kept()
    {
        var (answer, egress) = await AskAsync(new string('\n', 200_000), [$"api.test:{Port}", $"127.0.0.1:{Port}"], _ => [IPAddress.Loopback]);
        Assert.Null(answer);
        Assert.Equal("says that it is for nobody in its first bytes", Assert.Single(egress.Attempts).Reason);
    }

    [Fact]
    public async Task The_end_of_the_run_waits_for_no_resolver()
    {
        using var never = new ManualResetEventSlim();
        IPAddress[] Hang(string name)
        {
            never.Wait(TimeSpan.FromSeconds(60));
            return [];
        }

        var clock = Stopwatch.StartNew();
        _ended.CancelAfter(200);
        var all = Enumerable.Range(0, 40).Select(_ => AskAsync("x", [$"api.test:{Port}"], Hang));
        _ = await Task.WhenAll(all);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 30);
        never.Set();
    }

    [Fact]
    public void What_was_allowed_has_its_place_whatever_else_was_tried()
    {
        var log = new EgressLog(TimeProvider.System, new HostList([Host("api.test:443"), Host("*.many.test:443")]));
        for (var i = 0; i < 200; i++) log.Note(EgressProtocol.Dns, $"junk{i}.test", null, EgressVerdict.Refused, "is not on the list");
        for (var i = 0; i < 200; i++) log.Add(log.Note(EgressProtocol.Tcp, $"a{i}.many.test", 443, EgressVerdict.Allowed), 1, 0);
        log.Add(log.Note(EgressProtocol.Tcp, "api.test", 443, EgressVerdict.Allowed), 1000, 0);
        var egress = log.ToEgress();
        var allowed = egress.Attempts.Where(a => a.Verdict == EgressVerdict.Allowed).ToList();
        Assert.Equal((1200, 201), (allowed.Sum(a => a.BytesSent), allowed.Sum(a => a.Count)));
        Assert.Equal((64, 136), (egress.Attempts.Length - allowed.Count, egress.Unlisted));
        Assert.InRange(allowed.Count, 65, 66);
        Assert.Equal(136, allowed.Single(a => a.Host == "*.many.test").Count);
    }

    /// <summary>Says something through a gate to a server that says it back; null: that was broken off.</summary>
    private async Task<(string? Answer, Egress Egress)> AskAsync(string said, ImmutableArray<string> lines, Func<string, IPAddress[]> resolve)
    {
        var list = new HostList([.. lines.Select(Host)]);
        var log = new EgressLog(TimeProvider.System, list);
        var connection = new GateConnection(list, new NameLookups(resolve), log, new TrafficCap(null), null) { Failed = e => Assert.Fail(e.ToString()) };
        using var gate = new TcpListener(IPAddress.Loopback, 0);
        gate.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)gate.LocalEndpoint);
        var inside = await gate.AcceptSocketAsync();
        var echo = EchoAsync();
        Assert.True(ConnectionShare.TryTake());
        var served = connection.ServeAsync(inside, new IPEndPoint(list.AddressOf("api.test")!, Port), _ended.Token);
        string? answer;
        try
        {
            await client.Client.SendAsync(Encoding.ASCII.GetBytes(said));
            client.Client.Shutdown(SocketShutdown.Send);
            using var all = new MemoryStream();
            var bytes = new byte[4096];
            for (int length; (length = await client.Client.ReceiveAsync(bytes)) > 0;) all.Write(bytes, 0, length);
            answer = Encoding.ASCII.GetString(all.ToArray());
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            answer = null;
        }

        await served;
        _ = echo;
        return (answer, log.ToEgress());
    }

    private async Task EchoAsync()
    {
        try
        {
            using var client = await _server.AcceptSocketAsync();
            var bytes = new byte[4096];
            for (int length; (length = await client.ReceiveAsync(bytes)) > 0;)
            {
                _isKnown |= RelayedConnections.Holds((IPEndPoint)client.RemoteEndPoint!);
                await client.SendAsync(bytes.AsMemory(0, length));
            }

            client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody came, or went in the middle.
        }
    }

    private static AllowedHost Host(string line) => AllowedHost.TryParse(line, out var host, out var problem) ? host : throw new FormatException(problem);
}
