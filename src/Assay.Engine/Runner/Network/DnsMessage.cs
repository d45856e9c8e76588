using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Assay.Engine.Runner.Network;

/// <summary>Reads one question of the domain name system and writes its answer (RFC 1035). All bytes are a stranger's.</summary>
internal static class DnsMessage
{
    /// <summary>No answer over UDP is longer than its question and one address.</summary>
    public const int MaxBytes = 512;

    private const int HeaderBytes = 12;
    private const int AddressBytes = 16;
    private const ushort TypeA = 1;
    private const ushort ClassInternet = 1;
    private const int NameError = 3;

    /// <summary>The question, or null: this is none that can be answered.</summary>
    public static Question? Read(ReadOnlySpan<byte> query)
    {
        if (query.Length is < HeaderBytes or > MaxBytes - AddressBytes) return null;
        var isQuery = (query[2] & 0xF8) == 0;
        if (!isQuery || BinaryPrimitives.ReadUInt16BigEndian(query[4..]) != 1) return null;
        var name = new StringBuilder();
        var at = HeaderBytes;
        for (; at < query.Length && query[at] != 0; at += 1 + query[at])
        {
            var length = query[at];
            if (length > 63 || at + 1 + length >= query.Length) return null;
            if (name.Length > 0) name.Append('.');
            foreach (var b in query.Slice(at + 1, length)) name.Append(b is > 0x20 and < 0x7F ? char.ToLowerInvariant((char)b) : '?');
        }

        var end = at + 5;
        if (end > query.Length) return null;
        return new Question(
            name.ToString(), BinaryPrimitives.ReadUInt16BigEndian(query[(at + 1)..]), BinaryPrimitives.ReadUInt16BigEndian(query[(at + 3)..]), end);
    }

    /// <summary>Writes an answer and returns its length.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="question">What <see cref="Read"/> made of it.</param>
    /// <param name="exists">Whether there is such a name.</param>
    /// <param name="address">Its address, of version 4, for those who ask for one.</param>
    /// <param name="answer">Room for <see cref="MaxBytes"/>.</param>
    public static int Answer(ReadOnlySpan<byte> query, Question question, bool exists, IPAddress? address, Span<byte> answer)
    {
        query[..question.End].CopyTo(answer);
        var hasAddress = exists && address is not null && question is { Type: TypeA, Class: ClassInternet };
        answer[2] = (byte)(0x80 | (query[2] & 1)); // an answer; recursion as it was asked for
        answer[3] = (byte)(0x80 | (exists ? 0 : NameError));
        answer[4..HeaderBytes].Clear();
        answer[5] = 1;
        if (!hasAddress) return question.End;
        answer[7] = 1;
        ReadOnlySpan<byte> record = [0xC0, HeaderBytes, 0, (byte)TypeA, 0, (byte)ClassInternet, 0, 0, 0, 60, 0, 4];
        record.CopyTo(answer[question.End..]);
        address!.GetAddressBytes().CopyTo(answer[(question.End + record.Length)..]);
        return question.End + AddressBytes;
    }

    /// <param name="Name">In lower case, without a dot at its end.</param>
    /// <param name="Type">The kind of record.</param>
    /// <param name="Class">The Internet's, as a rule.</param>
    /// <param name="End">Where in the message the question ends.</param>
    public readonly record struct Question(string Name, ushort Type, ushort Class, int End);
}
