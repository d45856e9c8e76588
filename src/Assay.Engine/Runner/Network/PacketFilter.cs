using System.Buffers.Binary;
using System.Net;
using Assay.Engine.Native;
using Assay.Kernel.Effects;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// What is seen of a run's network besides what it is answered: the first packet of each connection, and each packet of UDP, both versions
/// of IP. So an attempt at a port that nobody listens on is known too.
/// </summary>
internal static class PacketFilter
{
    /// <summary>As much of a packet as <see cref="Read"/> needs: a few headers of IPv6, and the ports.</summary>
    public const int SeenBytes = 256;

    private const int Ip6HeaderBytes = 40;
    private const byte HopByHop = 0;
    private const byte Routing = 43;
    private const byte Fragment = 44;
    private const byte DestinationOptions = 60;

    private const int ProtocolTcp = 6;
    private const int ProtocolUdp = 17;
    private const byte SynAck = 0x12;
    private const byte Syn = 2;

    private const ushort LoadByte = 0x30;
    private const ushort LoadByteAfter = 0x50;
    private const ushort LoadHeaderLength = 0xB1;
    private const ushort And = 0x54;
    private const ushort JumpIfEqual = 0x15;
    private const ushort Return = 0x06;

    /// <summary>Classic BPF for a socket of packets without their link header. Jumps count the instructions that are passed over.</summary>
    public static readonly Bpf.Instruction[] Program =
    [
        Op(LoadByte, 0), // 0: version
        Op(And, 0xF0),
        Jump(0x40, 0, 7), // 2: to 3, else 10
        Op(LoadByte, 9), // 3: protocol
        Jump(ProtocolUdp, 16, 0), // 4: to 21
        Jump(ProtocolTcp, 0, 16), // 5: to 6, else 22
        Op(LoadHeaderLength, 0), // 6
        Op(LoadByteAfter, 13), // 7: flags
        Op(And, SynAck),
        Jump(Syn, 11, 12), // 9: to 21, else 22
        Jump(0x60, 0, 11), // 10: to 11, else 22
        Op(LoadByte, 6), // 11: next header
        Jump(ProtocolUdp, 8, 0), // 12: to 21
        Jump(ProtocolTcp, 0, 3), // 13: to 14, else 17
        Op(LoadByte, Ip6HeaderBytes + 13), // 14: flags
        Op(And, SynAck),
        Jump(Syn, 4, 5), // 16: to 21, else 22
        Jump(HopByHop, 3, 0), // 17: to 21
        Jump(Routing, 2, 0), // 18: to 21
        Jump(Fragment, 1, 0), // 19: to 21
        Jump(DestinationOptions, 0, 1), // 20: to 21, else 22
        Op(Return, SeenBytes), // 21
        Op(Return, 0), // 22
    ];

    /// <summary>Where a packet goes, or null: it is none of these.</summary>
    public static Packet? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 24) return null;
        var isFour = bytes[0] >> 4 == 4;
        var (protocol, header) = isFour ? (bytes[9], (bytes[0] & 15) * 4) : Ip6Header(bytes);
        if (bytes.Length < header + 4) return null;
        var known = protocol switch
        {
            ProtocolTcp when isFour || header == Ip6HeaderBytes || IsSyn(bytes[header..]) => EgressProtocol.Tcp,
            ProtocolUdp => EgressProtocol.Udp,
            _ => (EgressProtocol?)null,
        };
        if (known is null) return null;
        var to = new IPAddress(isFour ? bytes.Slice(16, 4) : bytes.Slice(24, 16));
        var (from, port) = (BinaryPrimitives.ReadUInt16BigEndian(bytes[header..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(header + 2)..]));
        return new Packet(known.Value, to, from, port);
    }

    /// <summary>What comes after the headers of version 6 (RFC 8200 4), and where; only the first fragment tells it.</summary>
    private static (int Protocol, int At) Ip6Header(ReadOnlySpan<byte> bytes)
    {
        var (next, at) = (bytes[6], Ip6HeaderBytes);
        while (next is HopByHop or Routing or Fragment or DestinationOptions)
        {
            if (bytes.Length < at + 8) return (-1, 0);
            if (next == Fragment && (BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]) & 0xFFF8) != 0) return (-1, 0);
            var length = next == Fragment ? 8 : (bytes[at + 1] + 1) * 8;
            (next, at) = (bytes[at], at + length);
        }

        return (next, at);
    }

    private static bool IsSyn(ReadOnlySpan<byte> tcp) => tcp.Length > 13 && (tcp[13] & SynAck) == Syn;

    private static Bpf.Instruction Op(ushort code, uint value) => new() { Code = code, Value = value };

    private static Bpf.Instruction Jump(uint value, byte ifTrue, byte ifFalse) =>
        new() { Code = JumpIfEqual, Value = value, IfTrue = ifTrue, IfFalse = ifFalse };

    public readonly record struct Packet(EgressProtocol Protocol, IPAddress To, int FromPort, int ToPort);
}
