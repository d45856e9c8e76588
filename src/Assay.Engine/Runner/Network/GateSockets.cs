using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The sockets of a gate. The run's thread makes them in the run's network, where every address leads to itself; they stay with the engine,
/// which never enters that network.
/// </summary>
internal sealed unsafe class GateSockets : IDisposable
{
    /// <summary>Where names are asked for.</summary>
    public const int NamePort = 53;

    private const long Stream = 1;
    private const long Datagram = 2;
    private const long Flags = Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK;
    private const long LevelIp6 = 41;
    private const long OnlyIp6 = 26;
    private const long TellAddress = 49; // IPV6_RECVPKTINFO
    private const long Backlog = 256;

    private readonly ImmutableArray<int> _ports;
    private readonly int* _fds;

    public GateSockets(ImmutableArray<int> ports)
    {
        _ports = ports;
        _fds = (int*)NativeMemory.Alloc((nuint)Count, sizeof(int));
        new Span<int>(_fds, Count).Fill(-1);
    }

    /// <summary>Takes packets as <see cref="PacketFilter"/> wants them; -1: this kernel has no such sockets.</summary>
    public int Packets => _fds[0];

    /// <summary>Takes questions for names.</summary>
    public int Names => _fds[1];

    /// <summary>One for each port.</summary>
    public ReadOnlySpan<int> Listeners => new(_fds + 2, _ports.Length);

    private int Count => _ports.Length + 2;

    /// <summary>Has the run's thread make the network and the sockets. The loopback device is up by then.</summary>
    public void MakeIn(SyscallScript script)
    {
        Routes(script);
        WatchPackets(script);
        Open(script, Datagram, NamePort, _fds + 1, "names");
        for (var i = 0; i < _ports.Length; i++)
        {
            Open(script, Stream, _ports[i], _fds + 2 + i, $"port {_ports[i]}");
            script.Call($"listen on port {_ports[i]}", SyscallNumbers.Listen, 0, Backlog).With(_fds + 2 + i);
        }
    }

    /// <summary>Packets that were not seen because too many came at once.</summary>
    public long LostPackets()
    {
        const int packetLevel = 263;
        const int statistics = 6;
        var counts = stackalloc uint[3];
        var length = 3u * sizeof(uint);
        return Packets >= 0 && Libc.GetSockOpt(Packets, packetLevel, statistics, counts, &length) == 0 ? counts[1] : 0;
    }

    public void Dispose()
    {
        for (var i = 0; i < Count; i++)
        {
            if (_fds[i] >= 0) _ = Libc.Close(_fds[i]);
        }

        NativeMemory.Free(_fds);
    }

    /// <summary>Like <c>ip route add local default dev lo</c>, for both versions of IP (rtnetlink(7)).</summary>
    private static void Routes(SyscallScript script)
    {
        const long netlink = 16;
        const long raw = 3;
        const byte ip4 = 2;
        var socket = (int*)script.Take(sizeof(int));
        script.Call("netlink", SyscallNumbers.Socket, netlink, raw | Libc.SOCK_CLOEXEC, 0).Into(socket);
        foreach (var family in new[] { ip4, (byte)Libc.AF_INET6 })
        {
            var message = LocalRoute(family);
            script.Call("route all addresses to lo", SyscallNumbers.Write, 0, script.Copy<byte>(message), message.Length).With(socket);
        }

        script.Call("close netlink", SyscallNumbers.Close).With(socket);
    }

    private static byte[] LocalRoute(byte family)
    {
        const ushort newRoute = 24;
        const ushort requestAndCreate = 0x401;
        const byte localTable = 255;
        const byte byBoot = 3;
        const byte onHost = 254;
        const byte local = 2;
        const ushort throughDevice = 4;
        const int loopback = 1;
        var message = new byte[36];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), newRoute);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), requestAndCreate);
        (message[16], message[20], message[21], message[22], message[23]) = (family, localTable, byBoot, onHost, local);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(28), 8);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(30), throughDevice);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(32), loopback);
        return message;
    }

    /// <summary>A kernel without such sockets still holds the network; what it does not show is only not on record.</summary>
    private void WatchPackets(SyscallScript script)
    {
        const long packets = 17;
        const long socketLevel = 1;
        const long attachFilter = 26;
        const long packetLevel = 263;
        const long ignoreOutgoing = 23;
        const int addressBytes = 20;
        var code = script.Copy<Bpf.Instruction>(PacketFilter.Program);
        var filter = script.Take(16);
        *(ushort*)filter = (ushort)PacketFilter.Program.Length;
        *(long*)(filter + 8) = code;
        var address = script.Take(addressBytes);
        *(ushort*)address = (ushort)packets;
        *(ushort*)(address + 2) = BinaryPrimitives.ReverseEndianness((ushort)3); // every protocol
        *(int*)(address + 4) = 1; // the loopback device
        script.Call("packets", SyscallNumbers.Socket, packets, Datagram | Flags, 0).Into(_fds).OrNot();
        script.Call("filter packets", SyscallNumbers.SetSockOpt, 0, socketLevel, attachFilter, (long)filter, 16).With(_fds).OrNot();
        script.Call("see packets once", SyscallNumbers.SetSockOpt, 0, packetLevel, ignoreOutgoing, script.Copy(1), sizeof(int)).With(_fds).OrNot();
        script.Call("watch packets", SyscallNumbers.Bind, 0, (long)address, addressBytes).With(_fds).OrNot();
    }

    /// <summary>A socket at any address of both versions of IP.</summary>
    private static void Open(SyscallScript script, long kind, int port, int* place, string what)
    {
        var address = (Libc.SocketAddress6*)script.Take(sizeof(Libc.SocketAddress6));
        address->Family = Libc.AF_INET6;
        address->Port = BinaryPrimitives.ReverseEndianness((ushort)port);
        script.Call($"socket for {what}", SyscallNumbers.Socket, Libc.AF_INET6, kind | Flags, 0).Into(place);
        script.Call($"both versions of IP for {what}", SyscallNumbers.SetSockOpt, 0, LevelIp6, OnlyIp6, script.Copy(0), sizeof(int)).With(place);
        script.Call($"addresses for {what}", SyscallNumbers.SetSockOpt, 0, LevelIp6, TellAddress, script.Copy(1), sizeof(int)).With(place);
        script.Call($"bind {what}", SyscallNumbers.Bind, 0, (long)address, sizeof(Libc.SocketAddress6)).With(place);
    }
}
