using Assay.Server.Api;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Security;

/// <summary>
/// Refuses requests that were meant for another name, as those of a rebound DNS name are, and requests that another site's page sends.
/// </summary>
internal sealed class HostGuard
{
    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _proxied = new(StringComparer.OrdinalIgnoreCase);

    public HostGuard(ServeOptions options)
    {
        foreach (var url in options.Urls)
        {
            _hosts.Add(url.Authority);
            _hosts.Add(url.Host);
            if (!ListenRule.IsLoopback(url)) continue;
            foreach (var name in new[] { "localhost", "127.0.0.1", "[::1]" }) _hosts.Add($"{name}:{url.Port}");
        }

        _hosts.UnionWith(options.AllowedHosts);
        _proxied.UnionWith(options.AllowedHosts);
    }

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
