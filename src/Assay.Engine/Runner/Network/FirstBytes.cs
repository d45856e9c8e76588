using System.Buffers;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// Looks at the first bytes that a run sends to a name on the list: where they say for whom they are (the server name of TLS, the Host of
/// HTTP/1), that must be the name. Nothing is decrypted or changed, and what says nothing passes. What says it in a way that the protocol
/// does not allow is refused, since servers differ in what they make of that.
/// </summary>
internal static class FirstBytes
{
    /// <summary>A start that is longer than this is no start.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>More blanks and empty lines than a server passes over (RFC 9112 2.2 asks for one line).</summary>
    private const int MaxBlanks = 64;

    private const byte Handshake = 22;

    /// <summary>What one server or the other takes for a blank (that of C, and those of Unicode in one byte).</summary>
    private static readonly SearchValues<byte> Blanks = SearchValues.Create([9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xa0]);

    /// <summary>The second version of the PROXY protocol, which says for whom a connection is in its own way.</summary>
    private static ReadOnlySpan<byte> Proxy => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>What the bytes so far come to.</summary>
    public enum Verdict
    {
        /// <summary>There have to be more of them.</summary>
        Unknown,
        Pass,
        Refuse,
    }

    /// <summary>What a method of HTTP may be made of (RFC 9110 5.6.2).</summary>
    public static readonly SearchValues<byte> Token =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"u8);

    /// <summary>Judges what was sent so far.</summary>
    /// <param name="bytes">From the first on.</param>
    /// <param name="name">For whom it has to be, in lower case.</param>
    /// <param name="said">For whom it says it is, when that is somebody else.</param>
    public static Verdict Judge(ReadOnlySpan<byte> bytes, string name, out string? said)
    {
        said = null;
        var start = bytes.TrimStart("\r\n\t "u8);
        var verdict = start switch
        {
            [] => Verdict.Unknown,
            [Handshake, ..] => ClientHello.Judge(start, name, ref said),
            _ when bytes.StartsWith(Proxy) => Verdict.Refuse,
            _ when Proxy.StartsWith(bytes) => Verdict.Unknown,
            _ => OfText(start, name, ref said),
        };
        var lead = bytes[..(bytes.Length - start.Length)];
        if (verdict == Verdict.Pass && lead.ContainsAny(" \t"u8) && IsRequest(start)) verdict = Verdict.Refuse;
        var hasNoEnd = (verdict == Verdict.Unknown && bytes.Length >= MaxBytes) || lead.Length > MaxBlanks;
        if (hasNoEnd) verdict = Verdict.Refuse;
        if (verdict == Verdict.Refuse) said ??= "nobody in its first bytes";
        return verdict;
    }

    /// <summary>Judges all that was sent by one that sends no more: nothing is open any longer.</summary>
    public static Verdict JudgeWhole(ReadOnlySpan<byte> bytes, string name, out string? said)
    {
        var verdict = Judge([.. bytes, .. "\r\n\r\n"u8], name, out said);
        return verdict == Verdict.Unknown ? Verdict.Pass : verdict;
    }

    /// <summary>Passes when nobody, or the name itself, is said.</summary>
    public static Verdict IsFor(string? whom, string name, ref string? said)
    {
        if (whom is null or "" || whom.TrimEnd('.').Equals(name, StringComparison.OrdinalIgnoreCase)) return Verdict.Pass;
        said = whom;
        return Verdict.Refuse;
    }

    /// <summary>
    /// A word and a blank begin a request, or a command of another protocol, which the end of that line tells. What some servers take for a
    /// blank, and no others do, is none here: what would be a request with it is refused.
    /// </summary>
    private static Verdict OfText(ReadOnlySpan<byte> start, string name, ref string? said)
    {
        var odd = Math.Max(0, start.IndexOfAnyInRange((byte)'!', (byte)'~') is var first and >= 0 ? first : start.Length);
        var isBinary = start[..odd].ContainsAnyExcept(Blanks);
        var text = start[odd..];
        if (text.IsEmpty) return isBinary ? Verdict.Pass : Verdict.Unknown;
        var end = text.IndexOfAnyExcept(Token);
        var word = end < 0 ? text : text[..end];
        if (end < 0) return !isBinary || RequestHead.MayBecomeMethod(word) ? Verdict.Unknown : Verdict.Pass;
        var isBlank = " \t\r\n"u8.Contains(text[end]);
        if (odd > 0 || (!isBlank && text[end] is < (byte)'!' or > (byte)'~'))
        {
            if (RequestHead.IsMethod(word) && text[end] is <= (byte)' ' or > (byte)'~') return Verdict.Refuse;
            if (isBinary || !Blanks.Contains(text[end])) return Verdict.Pass;
            return text.IndexOf((byte)'\n') is var over and >= 0 ? HoldsRequest(text[..over]) : Verdict.Unknown;
        }

        if (!isBlank) return HoldsRequest(text);
        var line = text.IndexOf((byte)'\n');
        if (line < 0) return Verdict.Unknown;
        if (RequestHead.IsLine(text[..line])) return RequestHead.Judge(text, name, ref said);
        return text.StartsWith("PROXY "u8) ? Verdict.Refuse : HoldsRequest(text[line..]);
    }

    /// <summary>Passes what has no request in it that a server might find behind what it does not know.</summary>
    private static Verdict HoldsRequest(ReadOnlySpan<byte> text)
    {
        foreach (var line in text.Split((byte)'\n'))
        {
            if (RequestHead.SaysHttp(text[line])) return Verdict.Refuse;
        }

        return Verdict.Pass;
    }

    private static bool IsRequest(ReadOnlySpan<byte> text) =>
        text.IndexOf((byte)'\n') is var line and >= 0 && RequestHead.IsLine(text[..line]);
}
