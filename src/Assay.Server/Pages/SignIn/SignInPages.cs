using Assay.Server.Http;
using Assay.Server.Pages.Shared;
using Assay.Server.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Pages.SignIn;

/// <summary>Signing in with a token, and out again. The browser keeps the name of its session and never the token.</summary>
internal sealed class SignInPages(Credentials credentials, Sessions sessions, AccessGuard guard, PageAnswers answers, string tokenPath)
{
    private const string Home = "/ui/jobs";
    private const string Path = "/ui/sign-in";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, (HttpContext context, string? back) => Show(context, back, null)).ExcludeFromDescription();
        routes.MapPost(Path, (Delegate)SignInAsync).ExcludeFromDescription();
        routes.MapPost("/ui/sign-out", (Delegate)SignOutAsync).ExcludeFromDescription();
    }

    private IResult Show(HttpContext context, string? back, string? problem, int status = StatusCodes.Status200OK) => answers.Page<SignInPage>(
        context,
        new() { [nameof(SignInPage.TokenPath)] = tokenPath, [nameof(SignInPage.Back)] = back, [nameof(SignInPage.Problem)] = problem },
        status, HttpRefusal.Unauthorized.Rule);

    private async Task<IResult> SignInAsync(HttpContext context)
    {
        if (!await guard.HasFormTokenAsync(context)) return answers.Refused(context, PageRefusal.OldForm, Path);
        var form = await context.Request.ReadFormAsync();
        if (credentials.ByToken(form["token"].ToString().Trim()) is not { } found)
        {
            return Show(context, form["back"], "That is no token of this workspace.", StatusCodes.Status401Unauthorized);
        }

        context.Response.Cookies.Append(Sessions.Cookie, sessions.Begin(found), Options(context));
        var back = form["back"].ToString();
        return Results.LocalRedirect(back.StartsWith("/ui/", StringComparison.Ordinal) ? back : Home);
    }

    private async Task<IResult> SignOutAsync(HttpContext context)
    {
        if (!await guard.HasFormTokenAsync(context)) return answers.Refused(context, PageRefusal.OldForm, Home);
        if (context.Request.Cookies[Sessions.Cookie] is { } id) sessions.End(id);
        context.Response.Cookies.Delete(Sessions.Cookie, Options(context));
        return Results.LocalRedirect(Path);
    }

    private static CookieOptions Options(HttpContext context) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/" };
}
