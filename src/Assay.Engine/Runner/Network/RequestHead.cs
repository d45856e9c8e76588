using System.Text;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The head of a request of HTTP/1 (RFC 9112), which must be written as that says: line ends, blanks and names of fields included.
/// </summary>
internal static class RequestHead
{
    /// <summary>Whether a first line is meant for HTTP, however badly it is written.</summary>
    public static bool IsLine(ReadOnlySpan<byte> line) =>
        Encoding.Latin1.GetString(line).Contains("HTTP/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether all in it that says for whom it is says that it is for a name.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="name">For whom it has to be, in lower case.</param>
    /// <param name="said">For whom it is, when that is somebody else.</param>
    public static FirstBytes.Verdict Judge(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        var end = bytes.IndexOf("\n\r\n"u8);
        if (bytes.IndexOf("\n\n"u8) is var bare and >= 0 && (end < 0 || bare < end)) end = bare;
        if (end < 0) return FirstBytes.Verdict.Unknown;
        var lines = Encoding.Latin1.GetString(bytes[..end]).Split('\n').Select(l => l.EndsWith('\r') ? l[..^1] : l).ToList();
        if (lines[0] == "PRI * HTTP/2.0") return FirstBytes.Verdict.Pass;
        if (lines[0].Split(' ') is not [var method, { Length: > 0 } target, "HTTP/1.0" or "HTTP/1.1"]) return FirstBytes.Verdict.Refuse;
        if (!IsToken(method) || target.Any(char.IsControl)) return FirstBytes.Verdict.Refuse;
        if (AuthorityOf(method, target) is { } asked && IsForAnother(asked, name, ref said)) return FirstBytes.Verdict.Refuse;
        foreach (var field in lines.Skip(1))
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !IsToken(field[..colon]) || field.Any(c => char.IsControl(c) && c != '\t')) return FirstBytes.Verdict.Refuse;
            var isHost = field.AsSpan(0, colon).Equals("host", StringComparison.OrdinalIgnoreCase);
            if (isHost && IsForAnother(field[(colon + 1)..].Trim(' ', '\t'), name, ref said)) return FirstBytes.Verdict.Refuse;
        }

        return FirstBytes.Verdict.Pass;
    }

    /// <summary>Whom a target names that is made for a proxy; null: it names nobody.</summary>
    private static string? AuthorityOf(string method, string target)
    {
        if (method == "CONNECT") return target;
        if (target.StartsWith('/') || target == "*") return null;
        var slashes = target.IndexOf("://", StringComparison.Ordinal);
        if (slashes < 0) return target;
        var rest = target[(slashes + 3)..];
        return rest.IndexOfAny(['/', '?', '#']) is var end and >= 0 ? rest[..end] : rest;
    }

    private static bool IsForAnother(string authority, string name, ref string? said)
    {
        var colon = authority.LastIndexOf(':');
        var host = colon >= 0 && authority.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? authority[..colon] : authority;
        return FirstBytes.IsFor(host, name, ref said) == FirstBytes.Verdict.Refuse;
    }

    private static bool IsToken(string text) =>
        text.Length > 0 && Encoding.Latin1.GetBytes(text).AsSpan().IndexOfAnyExcept(FirstBytes.Token) < 0;
}
