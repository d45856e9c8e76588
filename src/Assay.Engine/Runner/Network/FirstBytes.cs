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
            _ => OfText(start, name, ref said),
        };
        var hasNoEnd = (verdict == Verdict.Unknown && bytes.Length >= MaxBytes) || bytes.Length - start.Length > MaxBlanks;
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

    /// <summary>A word and a blank begin a request, or a command of another protocol, which the end of that line tells.</summary>
    private static Verdict OfText(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        var word = bytes.IndexOfAnyExcept(Token);
        if (word >= 0 && bytes[word] is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')) return Verdict.Pass;
        var line = bytes.IndexOf((byte)'\n');
        if (line < 0) return Verdict.Unknown;
        return RequestHead.IsLine(bytes[..line]) ? RequestHead.Judge(bytes, name, ref said) : Verdict.Pass;
    }
}
