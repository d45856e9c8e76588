using System.Buffers.Binary;
using System.Net;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Effects;

namespace Assay.Engine.Processes.Network;

/// <summary>
/// What is seen of a run's network besides what it is answered: the first packet of each connection, and each packet of UDP, both versions
/// of IP. So an attempt at a port that nobody listens on is known too.
/// </summary>
internal static class PacketFilter
{
    /// <summary>As much of a packet as <see cref="Read"/> needs: the longest header of IPv4, and the ports.</summary>
    public const int SeenBytes = 80;

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
        Jump(ProtocolUdp, 13, 0), // 4: to 18
        Jump(ProtocolTcp, 0, 13), // 5: to 6, else 19
        Op(LoadHeaderLength, 0), // 6
        Op(LoadByteAfter, 13), // 7: flags
        Op(And, SynAck),
        Jump(Syn, 8, 9), // 9: to 18, else 19
        Jump(0x60, 0, 8), // 10: to 11, else 19
        Op(LoadByte, 6), // 11: next header
        Jump(ProtocolUdp, 5, 0), // 12: to 18
        Jump(ProtocolTcp, 0, 5), // 13: to 14, else 19
        Op(LoadByte, 40 + 13), // 14: flags
        Op(And, SynAck),
        Jump(Syn, 1, 2), // 16: to 18, else 19
        Op(Return, 0), // 17: of no use but to be jumped over
        Op(Return, SeenBytes), // 18
        Op(Return, 0), // 19
    ];

    /// <summary>Where a packet goes, or null: it is none of these.</summary>
    public static Packet? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 24) return null;
        var isFour = bytes[0] >> 4 == 4;
        var header = isFour ? (bytes[0] & 15) * 4 : 40;
        if (bytes.Length < header + 4) return null;
        var protocol = bytes[isFour ? 9 : 6] switch
        {
            ProtocolTcp => EgressProtocol.Tcp,
            ProtocolUdp => EgressProtocol.Udp,
            _ => (EgressProtocol?)null,
        };
        if (protocol is not { } known) return null;
        var to = new IPAddress(isFour ? bytes.Slice(16, 4) : bytes.Slice(24, 16));
        return new Packet(known, to, BinaryPrimitives.ReadUInt16BigEndian(bytes[header..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(header + 2)..]));
    }

    private static Bpf.Instruction Op(ushort code, uint value) => new() { Code = code, Value = value };

    private static Bpf.Instruction Jump(uint value, byte ifTrue, byte ifFalse) => new() { Code = JumpIfEqual, Value = value, IfTrue = ifTrue, IfFalse = ifFalse };

    public readonly record struct Packet(EgressProtocol Protocol, IPAddress To, int FromPort, int ToPort);
}
