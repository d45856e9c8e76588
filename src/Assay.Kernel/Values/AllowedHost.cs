using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Kernel.Values;

/// <summary>
/// One line of <c>hosts:</c>, what a caged run may reach (cage.md, "Network by name"): <c>api.example.com:443</c>, <c>*.example.org:443</c>
/// for every name below, <c>10.0.0.5:5432</c> or <c>[fd00::1]:443</c> for an address, <c>localhost:8080</c> for this machine's own.
/// </summary>
[JsonConverter(typeof(AllowedHostConverter))]
public sealed record AllowedHost
{
    /// <summary>Stands for this machine's own addresses.</summary>
    public const string Localhost = "localhost";

    private const string AnyBelow = "*.";
    private const int MaxNameChars = 253;
    private const int MaxLabelChars = 63;

    private AllowedHost(string name, int port, bool isWildcard, IPAddress? address) =>
        (Name, Port, IsWildcard, Address) = (name, port, isWildcard, address);

    /// <summary>In lower case, without the <c>*.</c> of a wildcard and the brackets of an address.</summary>
    public string Name { get; }

    public int Port { get; }

    /// <summary>Whether every name below <see cref="Name"/> is meant, and not that name itself.</summary>
    public bool IsWildcard { get; }

    /// <summary>The address that is written out; null: it is a name.</summary>
    public IPAddress? Address { get; }

    /// <summary>Whether a name, in lower case and without a dot at its end, is meant.</summary>
    public bool Matches(string name) => IsWildcard
        ? name.Length > Name.Length + 1 && name.EndsWith(Name, StringComparison.Ordinal) && name[^(Name.Length + 1)] == '.'
        : name == Name;

    /// <summary>Reads one line.</summary>
    /// <param name="text">As a person wrote it.</param>
    /// <param name="host">What it means.</param>
    /// <param name="problem">What is wrong with it, for the person who wrote it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out AllowedHost? host, [NotNullWhen(false)] out string? problem)
    {
        host = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || (text[0] != '[' && text.IndexOf(':', StringComparison.Ordinal) != colon) || text[colon - 1] == ':')
        {
            problem = "is no NAME:PORT, as in api.example.com:443 or [fd00::1]:443";
            return false;
        }

        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65_535)
        {
            problem = "has no port from 1 to 65535 after its last colon";
            return false;
        }

        var isWildcard = text.StartsWith(AnyBelow, StringComparison.Ordinal);
        var name = text[(isWildcard ? AnyBelow.Length : 0)..colon].ToLowerInvariant();
        var address = AddressOf(name);
        problem = isWildcard && address is not null ? "puts a * before an address" : address is not null ? null : NameProblem(name, isWildcard);
        if (problem is not null) return false;
        host = new AllowedHost(address?.ToString() ?? name, port, isWildcard, address);
        return true;
    }

    public override string ToString() => $"{(IsWildcard ? AnyBelow : "")}{Authority(Name, Port)}";

    /// <summary>A name or address with a port, an IPv6 address in brackets.</summary>
    public static string Authority(string name, int port) =>
        name.Contains(':', StringComparison.Ordinal) ? $"[{name}]:{port}" : $"{name}:{port}";

    private static IPAddress? AddressOf(string name)
    {
        var isBracketed = name is ['[', .., ']'];
        if (!IPAddress.TryParse(isBracketed ? name[1..^1] : name, out var address)) return null;
        if (address.AddressFamily == AddressFamily.InterNetworkV6) return isBracketed && address is { ScopeId: 0, IsIPv4MappedToIPv6: false } ? address : null;

        // 127.1 and 0x7f000001 are addresses to some programs and names to others.
        return !isBracketed && address.ToString() == name ? address : null;
    }

    private static string? NameProblem(string name, bool isWildcard)
    {
        if (!IsName(name)) return "is no host name: letters, digits, - and _ between dots, a name of other letters in its xn-- form";
        var labels = name.Split('.');
        if (char.IsAsciiDigit(labels[^1][0]) && labels[^1].All(c => char.IsAsciiHexDigit(c) || c == 'x')) return "is neither a name nor an address";
        return isWildcard && labels.Length < 2 ? "opens all names of a top-level domain: name more of it" : null;
    }

    /// <summary>Whether a text can be a host's name: lower case, at most 253 characters, labels of at most 63.</summary>
    public static bool IsName(string text) => text.Length <= MaxNameChars && text.Split('.').All(label =>
        label.Length is > 0 and <= MaxLabelChars && label[0] != '-' && label[^1] != '-' && label.All(IsOfName));

    private static bool IsOfName(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_';
}

/// <summary>Writes an allowed host as its line.</summary>
public sealed class AllowedHostConverter : JsonConverter<AllowedHost>
{
    public override AllowedHost Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        AllowedHost.TryParse(reader.GetString()!, out var host, out var problem) ? host : throw new JsonException(problem);

    public override void Write(Utf8JsonWriter writer, AllowedHost value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
