using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Assay.Engine.Processes.Network;

/// <summary>
/// Looks at the first bytes that a run sends to a name on the list: where they say for whom they are (the server name of TLS, the Host of
/// HTTP/1), that must be the name. Nothing is decrypted or changed, and what says nothing passes.
/// </summary>
internal static class FirstBytes
{
    /// <summary>A start that is longer than this is no start.</summary>
    public const int MaxBytes = 64 * 1024;

    private const byte Handshake = 22;
    private const byte ClientHello = 1;
    private const int RecordHeader = 5;
    private const int MaxMethodChars = 20;

    /// <summary>More empty lines than a server passes over (RFC 9112 2.2 asks for one).</summary>
    private const int MaxNewLines = 64;

    private static readonly SearchValues<byte> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>What the bytes so far come to.</summary>
    public enum Verdict
    {
        /// <summary>There have to be more of them.</summary>
        Unknown,
        Pass,
        Refuse,
    }

    /// <summary>Judges what was sent so far.</summary>
    /// <param name="bytes">From the first on.</param>
    /// <param name="name">For whom it has to be, in lower case.</param>
    /// <param name="said">For whom it says it is, when that is somebody else.</param>
    public static Verdict Judge(ReadOnlySpan<byte> bytes, string name, out string? said)
    {
        said = null;
        var start = bytes.TrimStart("\r\n"u8);
        var verdict = OfStart(start, name, ref said);
        var hasNoEnd = (verdict == Verdict.Unknown && bytes.Length >= MaxBytes) || bytes.Length - start.Length > MaxNewLines;
        if (!hasNoEnd) return verdict;
        said = "nobody in its first bytes";
        return Verdict.Refuse;
    }

    /// <summary>Judges all that was sent by one that sends no more: nothing is open any longer.</summary>
    public static Verdict JudgeWhole(ReadOnlySpan<byte> bytes, string name, out string? said)
    {
        var verdict = Judge([.. bytes, .. "\r\n\r\n"u8], name, out said);
        return verdict == Verdict.Unknown ? Verdict.Pass : verdict;
    }

    private static Verdict OfStart(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        if (bytes.IsEmpty) return Verdict.Unknown;
        return bytes[0] == Handshake ? OfTls(bytes, name, ref said) : OfText(bytes, name, ref said);
    }

    private static Verdict OfTls(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        var message = new List<byte>();
        for (var rest = bytes; ;)
        {
            if (rest.Length >= 2 && (rest[0] != Handshake || rest[1] != 3)) return Verdict.Pass;
            if (rest.Length < RecordHeader) return Verdict.Unknown;
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
            if (length == 0) return Verdict.Pass;
            if (rest.Length < RecordHeader + length) return Verdict.Unknown;
            message.AddRange(rest.Slice(RecordHeader, length));
            if (message[0] != ClientHello) return Verdict.Pass;
            if (message.Count >= 4 && message.Count >= 4 + ((message[1] << 16) | (message[2] << 8) | message[3])) break;
            rest = rest[(RecordHeader + length)..];
        }

        return IsFor(ServerName([.. message]), name, ref said);
    }

    /// <summary>The server name in a ClientHello (RFC 8446 4.1.2, RFC 6066 3); null: it has none.</summary>
    private static string? ServerName(ReadOnlySpan<byte> hello)
    {
        const int versionAndRandom = 34;
        try
        {
            var rest = hello[(4 + versionAndRandom)..];
            rest = rest[(1 + rest[0])..];
            rest = rest[(2 + BinaryPrimitives.ReadUInt16BigEndian(rest))..];
            rest = rest[(1 + rest[0])..];
            if (rest.Length < 2) return null;
            for (rest = rest[2..]; rest.Length >= 4;)
            {
                var (kind, length) = (BinaryPrimitives.ReadUInt16BigEndian(rest), BinaryPrimitives.ReadUInt16BigEndian(rest[2..]));
                var body = rest.Slice(4, length);
                rest = rest[(4 + length)..];
                if (kind == 0) return Encoding.ASCII.GetString(body.Slice(5, BinaryPrimitives.ReadUInt16BigEndian(body[3..])));
            }

            return null;
        }
        catch (ArgumentOutOfRangeException)
        {
            return "?";
        }
        catch (IndexOutOfRangeException)
        {
            return "?";
        }
    }

    /// <summary>A word and a blank begin a request, or a command of another protocol, which the end of that line tells.</summary>
    private static Verdict OfText(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        var word = bytes.IndexOfAnyExcept(Letters);
        if (word < 0) return bytes.Length > MaxMethodChars ? Verdict.Pass : Verdict.Unknown;
        if (word is 0 or > MaxMethodChars || bytes[word] is not ((byte)' ' or (byte)'\t')) return Verdict.Pass;
        var line = bytes.IndexOf((byte)'\n');
        if (line < 0) return Verdict.Unknown;
        var isHttp = Encoding.Latin1.GetString(bytes[..line]).Contains("HTTP/", StringComparison.OrdinalIgnoreCase);
        return isHttp ? OfHttp(bytes, name, ref said) : Verdict.Pass;
    }

    private static Verdict OfHttp(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        var end = bytes.IndexOf("\n\r\n"u8);
        if (end < 0) end = bytes.IndexOf("\n\n"u8);
        if (end < 0) return Verdict.Unknown;
        var lines = Encoding.Latin1.GetString(bytes[..end]).Split('\n');
        if (Authority(lines[0]) is { } asked && IsFor(asked, name, ref said) == Verdict.Refuse) return Verdict.Refuse;
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !line.AsSpan(0, colon).Trim().Equals("host", StringComparison.OrdinalIgnoreCase)) continue;
            if (IsFor(WithoutPort(line[(colon + 1)..].Trim()), name, ref said) == Verdict.Refuse) return Verdict.Refuse;
        }

        return Verdict.Pass;
    }

    /// <summary>Whom a request line names that is made for a proxy; null: it names nobody.</summary>
    private static string? Authority(string line)
    {
        var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2) return null;
        if (words[0].Equals("CONNECT", StringComparison.OrdinalIgnoreCase)) return WithoutPort(words[1]);
        return Uri.TryCreate(words[1], UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri.Host : null;
    }

    private static string WithoutPort(string authority) =>
        authority.LastIndexOf(':') is var colon and > 0 && !authority.EndsWith(']') ? authority[..colon] : authority;

    private static Verdict IsFor(string? whom, string name, ref string? said)
    {
        if (whom is null or "" || whom.TrimEnd('.').Equals(name, StringComparison.OrdinalIgnoreCase)) return Verdict.Pass;
        said = whom;
        return Verdict.Refuse;
    }
}
