using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Tests.Runner.Network;

/// <summary>A caged run reaches what is listed, nothing else, and every attempt is on record (docs/cage.md, "Network by name").</summary>
public sealed class NetworkByNameTests : IDisposable
{
    private const string Fetch = "use IO::Socket::INET; sub get { my ($h, $p, $say) = @_; my $s = IO::Socket::INET->new(PeerAddr => $h, PeerPort => $p, "
        + "Timeout => 5) or return print qq($h:$p $!\\n); print $s ($say // qq(GET / HTTP/1.0\\r\\n\\r\\n)); local $/; my $all = <$s>; print qq($h:$p: ), $all // q(nothing), qq(\\n) } ";

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _clients = [];
    private volatile byte[] _answer = "hello from outside"u8.ToArray();

    public NetworkByNameTests()
    {
        Assert.SkipWhen(CageHost.Current.Mechanism != Mechanism.View, "needs a view of its own");
        _server.Start();
        _ = Task.Run(ServeAsync);
    }

    private int Port => ((IPEndPoint)_server.LocalEndpoint).Port;

    public void Dispose()
    {
        _server.Stop();
        foreach (var client in _clients) client.Dispose();
    }

    [Fact]
    public async Task What_is_listed_is_reached_and_on_record_with_its_bytes()
    {
        var (outcome, text) = await RunAsync($"get('127.0.0.1', {Port}); get('localhost', {Port});", [$"127.0.0.1:{Port}", $"localhost:{Port}"]);
        Assert.Equal($"127.0.0.1:{Port}: hello from outside\nlocalhost:{Port}: hello from outside\n", text);
        var line = Assert.Single(outcome.Egress!.Attempts);
        Assert.Equal(("127.0.0.1", Port, EgressVerdict.Allowed, 2), (line.Host, line.Port, line.Verdict, line.Count));
        Assert.Equal((36, 36), (line.BytesSent, line.BytesReceived));
        Assert.InRange(line.LastAt, line.FirstAt, outcome.StartedAt.AddSeconds(30));
        Assert.Equal((Holding.Kernel, "gate"), (outcome.Caps.Cage!.Network.Held, outcome.Caps.Cage.Network.By[^1]));
    }

    [Fact]
    public async Task What_is_not_listed_is_refused_and_on_record_with_what_was_meant()
    {
        const string others = "get('1.2.3.4', 80); get('8.8.8.8', 53); get('evil.test', 443); get('sub.example.org', 80); "
            + "socket(my $u, PF_INET, SOCK_DGRAM, 17); send($u, 'out', 0, pack_sockaddr_in(9999, inet_aton('9.9.9.9')));";
        var (outcome, _) = await RunAsync($"get('127.0.0.1', 1); get('1.2.3.4', {Port}); {others}", [$"127.0.0.1:{Port}", "*.example.org:443"]);
        var seen = outcome.Egress!.Attempts.ToDictionary(a => a.Destination + "/" + WireName<EgressProtocol>.Of(a.Protocol));
        Assert.All(seen.Values, a => Assert.Equal(EgressVerdict.Refused, a.Verdict));
        Assert.Equal(
            [$"1.2.3.4:{Port}/tcp", "1.2.3.4:80/tcp", "8.8.8.8:53/tcp", "9.9.9.9:9999/udp", "evil.test/dns", "sub.example.org:80/tcp"],
            seen.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(_clients);
    }

    [Fact]
    public async Task A_run_with_nothing_listed_has_its_attempts_on_record()
    {
        var (outcome, _) = await RunAsync("get('1.2.3.4', 80); use IO::Socket::IP; IO::Socket::IP->new(PeerHost => '2606:4700::1', PeerPort => 443)", []);
        Assert.Equal(["1.2.3.4:80", "[2606:4700::1]:443"], outcome.Egress!.Attempts.Select(a => a.Destination));
    }

    [Fact]
    public async Task Its_own_servers_work_and_are_no_attempts()
    {
        const string own = "my $l = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 4711, Listen => 1); if (!fork) { my $c = $l->accept; "
            + "print $c 'mine'; close $c; exit } get('127.0.0.1', 4711); wait;";
        var (outcome, text) = await RunAsync(own, [$"127.0.0.1:{Port}"]);
        Assert.Contains("mine", text, StringComparison.Ordinal);
        Assert.Empty(outcome.Egress!.Attempts);
    }

    [Fact]
    public async Task A_name_that_leads_to_this_machine_is_refused_unless_the_address_is_listed_too()
    {
        // This machine's own name leads to an address of its own in /etc/hosts, as names of inner networks do.
        var name = Dns.GetHostName().ToLowerInvariant();
        if (!(await Dns.GetHostAddressesAsync(name)).Contains(IPAddress.Loopback)) Assert.Skip($"{name} does not lead to 127.0.0.1 here");
        var (outcome, text) = await RunAsync($"get('{name}', {Port})", [$"{name}:{Port}"]);
        Assert.DoesNotContain("hello", text, StringComparison.Ordinal);
        Assert.Equal(EgressVerdict.Refused, Assert.Single(outcome.Egress!.Attempts).Verdict);
        Assert.Contains("not public", outcome.Egress.Attempts[0].Reason, StringComparison.Ordinal);
        (outcome, text) = await RunAsync($"get('{name}', {Port})", [$"{name}:{Port}", $"127.0.0.1:{Port}"]);
        Assert.Contains("hello", text, StringComparison.Ordinal);
        var other = $"get('{name}', {Port}, qq(GET / HTTP/1.1\\r\\nHost: evil.test\\r\\n\\r\\n))";
        (outcome, text) = await RunAsync(other, [$"{name}:{Port}", $"127.0.0.1:{Port}"]);
        Assert.DoesNotContain("hello", text, StringComparison.Ordinal);
        Assert.Equal("says that it is for evil.test", Assert.Single(outcome.Egress!.Attempts).Reason);
    }

    [Fact]
    public async Task The_cap_on_bytes_ends_the_run_and_not_one_more_passes()
    {
        _answer = new byte[5_000_000];
        var caps = ProcessHarness.Caps with { NetworkBytes = 1_000_000 };
        var (outcome, _) = await RunAsync($"get('127.0.0.1', {Port}); sleep 60;", [$"127.0.0.1:{Port}"], caps);
        Assert.Equal(KillReason.NetworkLimit, outcome.KillReason);
        var line = Assert.Single(outcome.Egress!.Attempts);
        Assert.InRange(line.BytesSent + line.BytesReceived, 900_000, 1_000_000);
        Assert.Equal((1_000_000, Enforcement.Polled), (outcome.Caps.Network!.Limit, outcome.Caps.Network.Enforcement));
    }

    [Fact]
    public async Task Attempts_that_find_no_place_on_record_are_counted()
    {
        const string flood = "for my $i (1..300) { IO::Socket::INET->new(PeerAddr => '5.5.' . int($i / 200) . '.' . ($i % 200), PeerPort => 80, Timeout => 1) }";
        var (outcome, _) = await RunAsync(flood, [$"127.0.0.1:{Port}"], ProcessHarness.Caps with { TimeMs = 20_000, KillMs = 21_000 });
        Assert.InRange(outcome.Egress!.Attempts.Length, 10, 64);
        Assert.Equal(300, outcome.Egress.Unlisted + outcome.Egress.Attempts.Sum(a => a.Count));
    }

    [Fact]
    public async Task Connections_that_stay_open_end_with_the_run()
    {
        _answer = [];
        var code = $"my @s = map {{ IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => {Port}) }} 1..300; print scalar(grep {{ $_ }} @s); exit 0";
        var (outcome, _) = await RunAsync(code, [$"127.0.0.1:{Port}"]);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(300, outcome.Egress!.Attempts.Sum(a => a.Count));
    }

    private async Task<(ProcessOutcome Outcome, string Stdout)> RunAsync(string perl, ImmutableArray<string> hosts, ProcessCaps? caps = null)
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        var listed = hosts.Select(line => AllowedHost.TryParse(line, out var host, out var problem) ? host : throw new FormatException(problem));
        var (outcome, _) = await harness.RunAsync("", caps ?? ProcessHarness.Caps, e => e with
        {
            Command = ["perl", "-e", Fetch + perl],
            Sandbox = SandboxLevel.Confined,
            Network = new NetworkReach([.. listed]),
        });
        return (outcome, Encoding.UTF8.GetString(await File.ReadAllBytesAsync(harness.PathOf(outcome.Stdout.File))));
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _server.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            lock (_clients) _clients.Add(client);
            _ = Task.Run(async () =>
            {
                try
                {
                    await client.ReceiveAsync(new byte[4096]);
                    if (_answer.Length == 0) return;
                    await client.SendAsync(_answer);
                    client.Shutdown(SocketShutdown.Send);
                }
                catch (SocketException)
                {
                    // Cut, as a test may want it.
                }
            });
        }
    }
}
