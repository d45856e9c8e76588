using System.Net;
using Assay.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Security;

/// <summary>
/// Refuses requests that were meant for another name, as those of a rebound DNS name are, and requests that another site's page sends.
/// </summary>
internal sealed class HostGuard
{
    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _proxied = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="urls">Addresses that are listened on.</param>
    /// <param name="allowedHosts">Names under which a reverse proxy or another machine may ask beside these.</param>
    public HostGuard(IReadOnlyList<Uri> urls, IReadOnlyList<string> allowedHosts)
    {
        foreach (var url in urls)
        {
            _hosts.Add(url.Authority);
            _hosts.Add(url.Host);
            if (!IsLoopback(url)) continue;
            foreach (var name in new[] { "localhost", "127.0.0.1", "[::1]" }) _hosts.Add($"{name}:{url.Port}");
        }

        _hosts.UnionWith(allowedHosts);
        _proxied.UnionWith(allowedHosts);
    }

    /// <summary>Whether only this machine can reach an address.</summary>
    public static bool IsLoopback(Uri url) =>
        url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!_hosts.Contains(request.Host.Value ?? ""))
        {
            await Problems.WriteAsync(context, HttpRefusal.Host, "this server does not answer for that host name");
            return;
        }

        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !IsOwn(origin, request))
        {
            await Problems.WriteAsync(context, HttpRefusal.Origin, "requests of other sites' pages are not answered");
            return;
        }

        if (request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" && !HttpMethods.IsGet(request.Method))
        {
            await Problems.WriteAsync(context, HttpRefusal.Origin, "requests of other sites' pages are not answered");
            return;
        }

        await next(context);
    }

    /// <summary>
    /// Scheme, host and port as the request was made with them; a name that was allowed for a proxy may stand behind its https.
    /// </summary>
    private bool IsOwn(string origin, HttpRequest request)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var url) || !_hosts.Contains(url.Authority)) return false;
        var isScheme = url.Scheme == request.Scheme || (url.Scheme == "https" && _proxied.Contains(request.Host.Value ?? ""));
        var port = request.Host.Port ?? (url.Scheme == "https" ? 443 : 80);
        return isScheme && url.Port == port && string.Equals(url.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase);
    }
}
