using System.Diagnostics.CodeAnalysis;
using System.Text;
using Assay.Lanes.Shared;
using Assay.Server.Api;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Security;

/// <summary>Finds out which person is behind a request that writes.</summary>
internal sealed class WriteGuard(WriteAuth auth, IAntiforgery antiforgery)
{
    /// <summary>Keeps the operator's token in a browser, in the mode <c>off</c>.</summary>
    public const string Cookie = "assay_operator";

    private const string BearerPrefix = "Bearer ";
    private const string BasicPrefix = "Basic ";

    /// <summary>The person that a browser has signed in as; null when it has not, or when the browser asks for a password at the first write.</summary>
    public string? SignedIn(HttpContext context) => PersonByHeader(context) ?? PersonByCookie(context);

    /// <summary>Whether a page has to offer its own way to sign in.</summary>
    public bool NeedsSignIn(HttpContext context) => auth is WriteAuth.Off && PersonByCookie(context) is null;

    /// <summary>Whether a text is the operator's token.</summary>
    public bool IsToken(string text) => auth is WriteAuth.Off off && WriteAuth.Same(text, off.Token);

    /// <summary>The person behind a request to the API, which carries its credentials in its own header.</summary>
    public bool TryApi(HttpContext context, [NotNullWhen(true)] out Actor? actor, [NotNullWhen(false)] out IResult? refusal)
    {
        var person = PersonByHeader(context);
        actor = person is null ? null : new Actor(person, "api");
        refusal = person is null ? Problems.Result(HttpRefusal.Unauthorized, Challenge(context)) : null;
        return person is not null;
    }

    /// <summary>The person behind a form: signed in, with the form's own token.</summary>
    public async Task<(Actor? Actor, PageRefusal? Refusal)> FormAsync(HttpContext context)
    {
        if (!await HasFormTokenAsync(context)) return (null, PageRefusal.OldForm);
        return SignedIn(context) is { } person ? (new Actor(person, "page"), null) : (null, new PageRefusal(HttpRefusal.Unauthorized, Challenge(context)));
    }

    /// <summary>Whether a form is from a page of this server.</summary>
    public Task<bool> HasFormTokenAsync(HttpContext context) => antiforgery.IsRequestValidAsync(context);

    /// <summary>The token for the forms of a page.</summary>
    public string FormToken(HttpContext context) => antiforgery.GetAndStoreTokens(context).RequestToken!;

    private string? PersonByHeader(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        return auth switch
        {
            WriteAuth.Off off when header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase) && WriteAuth.Same(header[BearerPrefix.Length..].Trim(), off.Token) => off.Person,
            WriteAuth.Basic basic when header.StartsWith(BasicPrefix, StringComparison.OrdinalIgnoreCase) && IsPassword(header[BasicPrefix.Length..].Trim(), basic) => basic.User,
            _ => null,
        };
    }

    private string? PersonByCookie(HttpContext context) =>
        auth is WriteAuth.Off off && context.Request.Cookies[Cookie] is { } token && WriteAuth.Same(token, off.Token) ? off.Person : null;

    private static bool IsPassword(string encoded, WriteAuth.Basic basic)
    {
        var bytes = new byte[encoded.Length];
        var text = Convert.TryFromBase64String(encoded, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : "";
        return WriteAuth.Same(text, $"{basic.User}:{basic.Password}");
    }

    private string Challenge(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = auth is WriteAuth.Basic ? "Basic realm=\"assay\", charset=\"UTF-8\"" : "Bearer realm=\"assay\"";
        var how = auth is WriteAuth.Basic ? "sign in with name and password" : "send the operator's token (keys/operator.token of the workspace) as a bearer token, or sign in at /ui/sign-in";
        return $"writing needs a person: {how}";
    }
}

/// <summary>Why a form was not taken.</summary>
internal sealed record PageRefusal(HttpRefusal Kind, string Message)
{
    public static readonly PageRefusal OldForm =
        new(HttpRefusal.FormToken, "the form is not from this server's page, or the page is too old: load it again");
}
