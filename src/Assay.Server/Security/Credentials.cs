using System.Net;
using System.Text;
using Assay.Access;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Security;

/// <summary>Who somebody has proved to be.</summary>
/// <param name="Name">The person, or the program that was given a token.</param>
/// <param name="Role">What he may ask for.</param>
/// <param name="TokenId">The token; null: the workspace's own, or name and password.</param>
internal sealed record Credential(string Name, Role Role, string? TokenId);

/// <summary>Finds out what a request proves: by its header, or in a browser by its session.</summary>
/// <param name="auth">The mode.</param>
/// <param name="tokens">The tokens that were given out.</param>
/// <param name="sessions">Who is signed in.</param>
internal sealed class Credentials(WriteAuth auth, TokenBook tokens, Sessions sessions)
{
    private const string BearerPrefix = "Bearer ";
    private const string BasicPrefix = "Basic ";

    /// <summary>Whether name and password are asked for.</summary>
    public bool IsBasic => auth is WriteAuth.Basic;

    /// <summary>Either way; null when neither proves anything. It is found out once a request.</summary>
    public Credential? Of(HttpContext context)
    {
        if (!context.Items.TryGetValue(typeof(Credential), out var known))
        {
            context.Items[typeof(Credential)] = known = ByHeader(context) ?? BySession(context);
        }

        return (Credential?)known;
    }

    /// <summary>Programs carry what they have in the header of each request.</summary>
    public Credential? ByHeader(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)) return ByToken(header[BearerPrefix.Length..].Trim());
        var isPassword = auth is WriteAuth.Basic basic && header.StartsWith(BasicPrefix, StringComparison.OrdinalIgnoreCase)
            && IsPassword(header[BasicPrefix.Length..].Trim(), basic);
        return isPassword ? new Credential(((WriteAuth.Basic)auth).User, Role.Operator, null) : null;
    }

    /// <summary>Whether a request carries a token, good or not.</summary>
    public static bool HasToken(HttpContext context) =>
        context.Request.Headers.Authorization.ToString().StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>A token as it was given out, or the workspace's own.</summary>
    public Credential? ByToken(string secret)
    {
        if (auth is WriteAuth.Off off && WriteAuth.Same(secret, off.Token)) return new Credential(off.Person, Role.Operator, null);
        return tokens.Find(secret) is { } token ? new Credential(token.Name, token.Role, token.TokenId) : null;
    }

    /// <summary>A browser that has signed in; a token that was revoked meanwhile ends its sessions.</summary>
    public Credential? BySession(HttpContext context)
    {
        if (context.Request.Cookies[Sessions.Cookie] is not { } id || sessions.Find(id) is not { } credential) return null;
        return credential.TokenId is null || tokens.Holds(credential.TokenId) ? credential : null;
    }

    /// <summary>The processes of this host that stand behind a request.</summary>
    public static AskingProcesses Behind(HttpContext context)
    {
        var connection = context.Connection;
        if (connection.RemoteIpAddress is not { } from || connection.LocalIpAddress is not { } to)
        {
            return new AskingProcesses([], IsUnknown: true);
        }

        return PeerProcess.Of(new IPEndPoint(from, connection.RemotePort), new IPEndPoint(to, connection.LocalPort));
    }

    private static bool IsPassword(string encoded, WriteAuth.Basic basic)
    {
        var bytes = new byte[encoded.Length];
        var text = Convert.TryFromBase64String(encoded, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : "";
        return WriteAuth.Same(text, $"{basic.User}:{basic.Password}");
    }
}
