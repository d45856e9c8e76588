using System.Buffers.Binary;
using System.Text;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The first message of TLS, in however many records it comes, and the one server name in it (RFC 8446 4.1.2 and 5.1, RFC 6066 3).
/// </summary>
internal static class ClientHello
{
    private const byte Handshake = 22;
    private const byte MajorVersion = 3;
    private const byte Kind = 1;
    private const int RecordHeader = 5;
    private const int MessageHeader = 4;

    /// <summary>Whether its server name, where it has one, is a name.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="name">For whom it has to be, in lower case.</param>
    /// <param name="said">For whom it is, when that is somebody else.</param>
    public static FirstBytes.Verdict Judge(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        var message = new List<byte>();
        for (var rest = bytes; ;)
        {
            if (rest.Length >= 2 && (rest[0] != Handshake || rest[1] != MajorVersion)) return FirstBytes.Verdict.Refuse;
            if (rest.Length < RecordHeader) return FirstBytes.Verdict.Unknown;
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
            if (length == 0) return FirstBytes.Verdict.Refuse;
            if (rest.Length < RecordHeader + length) return FirstBytes.Verdict.Unknown;
            message.AddRange(rest.Slice(RecordHeader, length));
            if (message[0] != Kind) return FirstBytes.Verdict.Refuse;
            if (message.Count >= MessageHeader && message.Count >= MessageHeader + ((message[1] << 16) | (message[2] << 8) | message[3])) break;
            rest = rest[(RecordHeader + length)..];
        }

        try
        {
            return FirstBytes.IsFor(ServerName([.. message]), name, ref said);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or FormatException)
        {
            return FirstBytes.Verdict.Refuse;
        }
    }

    /// <summary>The one server name of a message; null: it has none.</summary>
    /// <exception cref="FormatException">It has more than one.</exception>
    private static string? ServerName(ReadOnlySpan<byte> hello)
    {
        const int versionAndRandom = 34;
        var rest = hello[(MessageHeader + versionAndRandom)..];
        rest = rest[(1 + rest[0])..];
        rest = rest[(2 + BinaryPrimitives.ReadUInt16BigEndian(rest))..];
        rest = rest[(1 + rest[0])..];
        if (rest.IsEmpty) return null;
        string? name = null;
        for (rest = rest.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(rest)); !rest.IsEmpty;)
        {
            var (kind, length) = (BinaryPrimitives.ReadUInt16BigEndian(rest), BinaryPrimitives.ReadUInt16BigEndian(rest[2..]));
            var body = rest.Slice(4, length);
            rest = rest[(4 + length)..];
            if (kind == 0) name = name is null ? OnlyName(body) : throw new FormatException("two server names");
        }

        return name;
    }

    private static string OnlyName(ReadOnlySpan<byte> list)
    {
        const int before = 5; // length of the list, kind of the name, length of the name
        var length = BinaryPrimitives.ReadUInt16BigEndian(list[3..]);
        return list[2] == 0 && list.Length == before + length
            ? Encoding.ASCII.GetString(list.Slice(before, length))
            : throw new FormatException("another list than of one name");
    }
}
