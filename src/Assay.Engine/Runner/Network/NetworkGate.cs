using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Assay.Engine.Native;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Native;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The way out of one run's network: whatever address it connects to, a listener of the engine answers, looks for whom the connection is,
/// and passes on what the list allows (docs/cage.md, "Network by name"). Every attempt is on record.
/// </summary>
internal sealed unsafe class NetworkGate : IDisposable
{
    /// <summary>Why hosts cannot be named here.</summary>
    public const string Missing = "hosts can be named only where each run can have a network of its own, with a way out: "
        + "as root with CAP_SYS_ADMIN, or with bubblewrap (apt-get install bubblewrap)";

    /// <summary>Where a run with a gateway to a model finds it, on its loopback.</summary>
    public const int ModelPort = 8461;

    /// <summary>Connections of one run at once; each takes two descriptors of the engine.</summary>
    private const int MaxConnections = 256;

    private static readonly string TooMany =
        $"too many connections at once: {MaxConnections} of one run, and what the engine's open files allow all of them";

    /// <summary>How long connections may take to see that the run is over.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    /// <summary>Packets that are looked at before connections are taken again.</summary>
    private const int PacketsAtOnce = 1000;

    private readonly GateSockets _sockets;
    private readonly ImmutableArray<int> _ports;
    private readonly HostList _list;
    private readonly EgressLog _log;
    private readonly TrafficCap _cap;
    private readonly GateConnection _connection;
    private readonly CancellationTokenSource _ended = new();
    private readonly int _wake = ThreadRoot.NewEvent();
    private readonly List<Task> _tasks = [];
    private readonly Lock _gate = new();
    private Thread? _thread;
    private Exception? _failure;

    /// <param name="hosts">What may be reached.</param>
    /// <param name="mostBytes">The most that may pass; null: any number.</param>
    /// <param name="time">The clock of the record.</param>
    /// <param name="resolve">Asks for the addresses of a name that is listed; null: this host's resolver does.</param>
    /// <param name="modelPort">The port of the run's gateway to a model, on the host's loopback; null: it has none.</param>
    public NetworkGate(
        ImmutableArray<AllowedHost> hosts, long? mostBytes, TimeProvider time, int? modelPort = null, Func<string, IPAddress[]>? resolve = null)
    {
        _ports = HostList.Ports(hosts, modelPort is null ? [] : [ModelPort]);
        _sockets = new GateSockets(_ports);
        _list = new HostList(hosts);
        (_log, _cap) = (new EgressLog(time, _list), new TrafficCap(mostBytes));
        _connection = new GateConnection(_list, new NameLookups(resolve ?? Dns.GetHostAddresses), _log, _cap, modelPort) { Failed = Fail };
    }

    /// <summary>Whether a run gets one: where it may reach something, and where what it tries is to be on record.</summary>
    public static bool IsFor(RunProcess effect) => effect.Sandbox switch
    {
        _ when effect.Network.IsOpen => false,
        SandboxLevel.Confined => true,
        SandboxLevel.Isolated => !effect.Network.Hosts.IsEmpty || effect.Gateway is not null,
        _ => false,
    };

    /// <summary>Whether it could not go on, so that nothing passes any more.</summary>
    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Whether more bytes would have passed than may.</summary>
    public bool IsOver => _cap.IsOver;

    /// <summary>Has the run's thread make its network.</summary>
    public void MakeIn(SyscallScript script) => _sockets.MakeIn(script);

    /// <summary>Begins to answer, once the run's thread has made everything.</summary>
    public void Start()
    {
        _thread = new Thread(Guard) { IsBackground = true, Name = "assay-gate" };
        _thread.Start();
    }

    /// <summary>
    /// Ends all connections, and returns what was tried; whether that is all <see cref="HasFailed"/> says. To be called when nothing of
    /// the run is left.
    /// </summary>
    public Egress End()
    {
        Close();
        if (_failure is { } failure)
        {
            _log.Note(EgressProtocol.Tcp, "assay", null, EgressVerdict.Unreachable, $"the gate failed: {failure.Message}");
        }

        return _log.ToEgress();
    }

    private void Close()
    {
        _ended.Cancel();
        ulong one = 1;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
        if (_thread is not null)
        {
            _thread.Join();
            TakePackets(int.MaxValue);
            _log.Lost(_sockets.LostPackets());
        }

        Task[] open;
        lock (_gate) open = [.. _tasks];
        if (!Task.WaitAll(open, EndPatience)) Fail(new TimeoutException("connections of it did not end"));
    }

    public void Dispose()
    {
        if (!_ended.IsCancellationRequested) Close();
        _ended.Dispose();
        _ = Libc.Close(_wake);

        // Closing a socket of packets waits until no processor looks at it any more, for which no run has to wait.
        ThreadPool.UnsafeQueueUserWorkItem(static sockets => sockets.Dispose(), _sockets, preferLocal: false);
    }

    /// <summary>An exception here is the outcome of this run, and must not end the engine; nothing passes any more.</summary>
    private void Guard()
    {
        try
        {
            Serve();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        _ended.Cancel();
    }

    private void Serve()
    {
        var count = _ports.Length + 3;
        var fds = stackalloc Libc.PollFd[count];
        fds[0] = new Libc.PollFd { Fd = _wake, Events = Libc.POLLIN };
        fds[1] = new Libc.PollFd { Fd = _sockets.Packets, Events = Libc.POLLIN };
        fds[2] = new Libc.PollFd { Fd = _sockets.Names, Events = Libc.POLLIN };
        for (var i = 0; i < _ports.Length; i++) fds[i + 3] = new Libc.PollFd { Fd = _sockets.Listeners[i], Events = Libc.POLLIN };
        while (true)
        {
            _ = Libc.Poll(fds, (nuint)count, -1);
            if (fds[0].Revents != 0) return;
            if (fds[1].Revents != 0) TakePackets(PacketsAtOnce);
            if (fds[2].Revents != 0) AnswerNames();
            for (var i = 3; i < count; i++)
            {
                if (fds[i].Revents != 0) Accept(fds[i].Fd);
            }
        }
    }

    private void Accept(int listener)
    {
        while (true)
        {
            var fd = Libc.Accept4(listener, null, null, Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK);
            if (fd < 0)
            {
                // One that cannot be taken for want of descriptors stays, and would be asked for again at once.
                if (Marshal.GetLastPInvokeError() != Libc.EAGAIN) Thread.Sleep(10);
                return;
            }

            Libc.SocketAddress6 address;
            var length = (uint)sizeof(Libc.SocketAddress6);
            if (Libc.GetSockName(fd, &address, &length) != 0)
            {
                _ = Libc.Close(fd);
                continue;
            }

            var to = new IPEndPoint(Address(new ReadOnlySpan<byte>(address.Address, 16)), BinaryPrimitives.ReverseEndianness(address.Port));
            var inside = new Socket(new SafeSocketHandle(fd, ownsHandle: true));
            lock (_gate)
            {
                _tasks.RemoveAll(t => t.IsCompleted);
                if (_tasks.Count < MaxConnections && ConnectionShare.TryTake())
                {
                    _tasks.Add(Task.Run(() => _connection.ServeAsync(inside, to, _ended.Token)));
                    continue;
                }
            }

            inside.Dispose();
            _log.Note(EgressProtocol.Tcp, _list.NameOf(to.Address), to.Port, EgressVerdict.Refused, TooMany);
        }
    }

    /// <summary>
    /// Answers what is asked for. The answer comes from the address that was asked, whichever that is, since the kernel tells it in a form
    /// that it takes back.
    /// </summary>
    private void AnswerNames()
    {
        const int controlBytes = 128;
        var query = stackalloc byte[DnsMessage.MaxBytes];
        var answer = stackalloc byte[DnsMessage.MaxBytes];
        var control = stackalloc byte[controlBytes];
        while (true)
        {
            Libc.SocketAddress6 from;
            var room = new Libc.IoVector { Base = query, Length = DnsMessage.MaxBytes };
            var message = new Libc.MessageHeader
            {
                Name = &from,
                NameLength = (uint)sizeof(Libc.SocketAddress6),
                Vectors = &room,
                VectorCount = 1,
                Control = control,
                ControlLength = controlBytes,
            };
            var length = (int)Libc.RecvMsg(_sockets.Names, &message, 0);
            if (length < 0) return;
            var asked = new ReadOnlySpan<byte>(query, length);
            if (DnsMessage.Read(asked) is not { } question)
            {
                _log.Note(EgressProtocol.Udp, AskedAt(message), GateSockets.NamePort, EgressVerdict.Refused, "is no question for a name");
                continue;
            }

            var address = _list.AddressOf(question.Name);
            if (address is null) _log.Note(EgressProtocol.Dns, question.Name, null, EgressVerdict.Refused, "is not on the list");
            room.Base = answer;
            room.Length = (nuint)DnsMessage.Answer(asked, question, address is not null, address, new Span<byte>(answer, DnsMessage.MaxBytes));
            message.Flags = 0;
            _ = Libc.SendMsg(_sockets.Names, &message, 0);
        }
    }

    /// <summary>The address that a datagram was sent to, which the kernel tells beside it (ipv6(7), IPV6_PKTINFO).</summary>
    private static string AskedAt(Libc.MessageHeader message)
    {
        const int headerBytes = 16;
        const int addressBytes = 16;
        return message.ControlLength < headerBytes + addressBytes
            ? "unknown"
            : Address(new ReadOnlySpan<byte>((byte*)message.Control + headerBytes, addressBytes)).ToString();
    }

    /// <summary>Notes what nobody answered: other ports, other protocols.</summary>
    private void TakePackets(int most)
    {
        if (_sockets.Packets < 0) return;
        var bytes = stackalloc byte[PacketFilter.SeenBytes];
        for (var i = 0; i < most; i++)
        {
            var length = (int)Libc.Read(_sockets.Packets, bytes, PacketFilter.SeenBytes);
            if (length <= 0) return;
            if (PacketFilter.Read(new ReadOnlySpan<byte>(bytes, length)) is not { } packet || IPAddress.IsLoopback(packet.To)) continue;
            if (packet.Protocol == EgressProtocol.Tcp && _ports.Contains(packet.ToPort)) continue;
            var isNames = packet.ToPort == GateSockets.NamePort || packet.FromPort == GateSockets.NamePort;
            if (packet.Protocol == EgressProtocol.Udp && isNames) continue;
            _log.Note(packet.Protocol, _list.NameOf(packet.To), packet.ToPort, EgressVerdict.Refused, Reason(packet.Protocol));
        }
    }

    private static string Reason(EgressProtocol protocol) =>
        protocol == EgressProtocol.Udp ? "only connections over TCP pass" : "its port is not on the list";

    private static IPAddress Address(ReadOnlySpan<byte> bytes)
    {
        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
