using System.Diagnostics.CodeAnalysis;
using Assay.Access;
using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;
using Assay.Server.Http;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Security;

/// <summary>
/// Finds out who is behind a request, and whether that is enough for it. Who may decide is asked where decisions are taken.
/// </summary>
internal sealed class AccessGuard(Credentials credentials, IAntiforgery antiforgery)
{
    /// <summary>Who a browser has signed in as; null when it has not, or when the browser asks for a password at the first write.</summary>
    public string? SignedIn(HttpContext context) => credentials.Of(context)?.Name;

    /// <summary>Whether a browser has a session that can be ended.</summary>
    public bool HasSession(HttpContext context) => credentials.BySession(context) is not null;

    /// <summary>Whether a page has to offer its own way to sign in.</summary>
    public bool NeedsSignIn(HttpContext context) => !credentials.IsBasic && credentials.BySession(context) is null;

    /// <summary>The caller of the API, who carries its credentials in its own header.</summary>
    /// <param name="context">The request.</param>
    /// <param name="least">What the caller has to be at least.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="refusal">Why it is refused.</param>
    public bool TryApi(HttpContext context, Role least, [NotNullWhen(true)] out Caller? caller, [NotNullWhen(false)] out IResult? refusal)
    {
        (caller, refusal) = (null, null);
        if (credentials.ByHeader(context) is not { } found) refusal = Problems.Result(HttpRefusal.Unauthorized, Challenge(context));
        else if (found.Role < least) refusal = Problems.Result(TooLittle(found, least));
        else caller = CallerOf(context, found, "api");
        return caller is not null;
    }

    /// <summary>The person behind a form: signed in, with the form's own token.</summary>
    public async Task<(Caller? Caller, PageRefusal? Refusal)> FormAsync(HttpContext context, Role least)
    {
        if (!await HasFormTokenAsync(context)) return (null, PageRefusal.OldForm);
        if (credentials.Of(context) is not { } found) return (null, PageRefusal.Of(HttpRefusal.Unauthorized, Challenge(context)));
        return found.Role < least ? (null, PageRefusal.Of(TooLittle(found, least))) : (CallerOf(context, found, "page"), null);
    }

    /// <summary>Whether a form is from a page of this server.</summary>
    public Task<bool> HasFormTokenAsync(HttpContext context) => antiforgery.IsRequestValidAsync(context);

    /// <summary>The token for the forms of a page.</summary>
    public string FormToken(HttpContext context) => antiforgery.GetAndStoreTokens(context).RequestToken!;

    /// <summary>What to do about a request that proves nothing.</summary>
    public string Challenge(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = credentials.IsBasic
            ? "Basic realm=\"assay\", charset=\"UTF-8\""
            : "Bearer realm=\"assay\"";
        var how = credentials.IsBasic
            ? "sign in with name and password"
            : "send the operator's token (keys/operator.token of the workspace) as a bearer token, or sign in at /ui/sign-in";
        var lacking = Credentials.HasToken(context) ? "the token is not known here" : "this needs credentials";
        return $"{lacking}: {how}, or a token that assay token create made";
    }

    private static Refusal TooLittle(Credential found, Role least) => new(
        RequestRefusals.Role, $"{found.Name} has the token of a {WireName<Role>.Of(found.Role)}, and this needs that of a {WireName<Role>.Of(least)}");

    private static Caller CallerOf(HttpContext context, Credential found, string via) =>
        new(found.Name, via, found.Role, () => Credentials.Behind(context));
}

/// <summary>Why a form was not taken.</summary>
internal sealed record PageRefusal(int Status, string Rule, string Message)
{
    public static readonly PageRefusal OldForm =
        Of(HttpRefusal.FormToken, "the form is not from this server's page, or the page is too old: load it again");

    public static PageRefusal Of(HttpRefusal kind, string message) => new(kind.Status, kind.Rule, message);

    public static PageRefusal Of(Refusal refusal) => new(Problems.StatusOf(refusal.Kind.Class), refusal.Kind.Code, refusal.Text);
}
