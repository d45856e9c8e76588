using System.Net;
using Assay.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Security;

/// <summary>Off loopback, reading asks for credentials too (rulings 45 and 51). Signing in, assets and health are for everybody.</summary>
internal sealed class ReadGuard(Credentials credentials, AccessGuard guard)
{
    private static readonly string[] Open = ["/ui/sign-in", "/assets/", "/healthz", "/readyz"];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value ?? "";
        var isLocal = context.Connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address);
        if (isLocal || Open.Any(o => path.StartsWith(o, StringComparison.Ordinal)) || credentials.Of(context) is not null)
        {
            await next(context);
            return;
        }

        await Problems.WriteAsync(context, HttpRefusal.Unauthorized, guard.Challenge(context));
    }
}
