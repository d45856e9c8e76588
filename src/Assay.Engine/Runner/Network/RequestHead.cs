using System.Text;

namespace Assay.Engine.Runner.Network;

/// <summary>
/// The head of a request of HTTP/1 (RFC 9112), which must be written as that says: line ends, blanks and names of fields included.
/// </summary>
internal static class RequestHead
{
    private static readonly string[] Methods =
    [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "REPORT",
        "SEARCH",
    ];

    public static bool IsMethod(ReadOnlySpan<byte> word) =>
        Methods.Contains(Encoding.Latin1.GetString(word), StringComparer.OrdinalIgnoreCase);

    public static bool MayBecomeMethod(ReadOnlySpan<byte> word)
    {
        var begun = Encoding.Latin1.GetString(word);
        return Methods.Any(m => m.StartsWith(begun, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether a line holds the version of a request.</summary>
    public static bool SaysHttp(ReadOnlySpan<byte> line) =>
        Encoding.Latin1.GetString(line).Contains("HTTP/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a first line is meant for HTTP, however badly it is written: without a version it is that of HTTP/0.9.</summary>
    public static bool IsLine(ReadOnlySpan<byte> line)
    {
        if (SaysHttp(line)) return true;
        var words = Encoding.Latin1.GetString(line).Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        return words is [not "CONNECT", var target, ..] && IsMethod(Encoding.Latin1.GetBytes(words[0]))
            && (target.StartsWith('/') || target.Contains("://", StringComparison.Ordinal));
    }

    /// <summary>Whether all in it that says for whom it is says that it is for a name.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="name">For whom it has to be, in lower case.</param>
    /// <param name="said">For whom it is, when that is somebody else.</param>
    public static FirstBytes.Verdict Judge(ReadOnlySpan<byte> bytes, string name, ref string? said)
    {
        var first = Encoding.Latin1.GetString(bytes[..bytes.IndexOf((byte)'\n')]).TrimEnd('\r');
        if (first.Split(' ') is not [var method, { Length: > 0 } target, "HTTP/1.0" or "HTTP/1.1" or "HTTP/2.0"] || !IsToken(method))
        {
            return FirstBytes.Verdict.Refuse;
        }

        var end = bytes.IndexOf("\n\r\n"u8);
        var bare = bytes.IndexOf("\n\n"u8);
        if (bare >= 0 && (end < 0 || bare < end)) end = bare;
        if (end < 0) return FirstBytes.Verdict.Unknown;
        var lines = Encoding.Latin1.GetString(bytes[..(end + 1)]).Split('\n')[..^1];
        if (first == "PRI * HTTP/2.0") return FirstBytes.Verdict.Pass;
        var isStrict = !first.EndsWith("2.0", StringComparison.Ordinal) && target.All(char.IsAscii) && !target.Any(char.IsControl);
        isStrict &= Array.TrueForAll(lines, l => l.EndsWith('\r')) && bare != end;
        var authority = AuthorityOf(method, target);
        if (authority is not null && IsForAnother(authority, name, ref said)) return FirstBytes.Verdict.Refuse;
        isStrict &= target.StartsWith('/') || authority is null || method == "CONNECT" || target.Contains("://", StringComparison.Ordinal);
        var hosts = 0;
        foreach (var field in lines.Skip(1).Select(l => l.EndsWith('\r') ? l[..^1] : l))
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !IsToken(field[..colon]) || field.Any(c => char.IsControl(c) && c != '\t')) return FirstBytes.Verdict.Refuse;
            var value = field[(colon + 1)..].Trim(' ', '\t');
            isStrict &= value.Length == 0 || char.IsAscii(value[0]);
            if (!field.AsSpan(0, colon).Equals("host", StringComparison.OrdinalIgnoreCase)) continue;
            hosts++;
            if (IsForAnother(value, name, ref said)) return FirstBytes.Verdict.Refuse;
            isStrict &= value.Length > 0 && (authority is null || authority.Equals(value, StringComparison.OrdinalIgnoreCase));
        }

        isStrict &= hosts == 1 || (hosts == 0 && first.EndsWith("1.0", StringComparison.Ordinal));
        return isStrict ? FirstBytes.Verdict.Pass : FirstBytes.Verdict.Refuse;
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
