using System.Net;
using System.Net.Sockets;
using Assay.Kernel.Effects;
using Microsoft.AspNetCore.Http;

namespace Assay.Gateway;

/// <summary>The model behind a gateway: the provider's endpoint, with the real key, or Assay's own model for a check.</summary>
internal sealed class Upstream : IDisposable
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(15);

    private const int MaxHeader = 1024;

    private readonly Dialect _dialect;
    private readonly string _endpoint;
    private readonly string? _key;
    private readonly HttpMessageInvoker _client;

    /// <param name="gateway">Where it is; without an endpoint Assay's own model answers.</param>
    /// <param name="dialect">How it is spoken to.</param>
    /// <param name="key">The real key; null: none is asked for.</param>
    public Upstream(ModelGateway gateway, Dialect dialect, string? key)
    {
        (_dialect, _key, _endpoint) = (dialect, key, gateway.Endpoint?.TrimEnd('/') ?? "http://model.invalid");
        _client = new HttpMessageInvoker(gateway.Endpoint is null
            ? new FakeModel(gateway.Dialect)
            : new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = ConnectPatience });
    }

    /// <summary>Asks it, and returns with the head of its answer.</summary>
    /// <param name="agent">The request of the agent, for some of its headers.</param>
    /// <param name="asked">What is asked.</param>
    /// <param name="content">What is sent; null: nothing.</param>
    /// <param name="over">The end of the request.</param>
    /// <exception cref="HttpRequestException">It cannot be reached, or broke off.</exception>
    public async Task<HttpResponseMessage> AskAsync(HttpRequest agent, RelayedRequest asked, HttpContent? content, CancellationToken over)
    {
        var address = _endpoint + asked.SentPath + _dialect.Query(asked.SentPath);
        using var request = new HttpRequestMessage(new HttpMethod(asked.Method), address);
        request.Version = HttpVersion.Version11;
        request.Content = content;
        foreach (var name in _dialect.Passed)
        {
            if (agent.Headers[name].ToString() is not { Length: > 0 } sent) continue;
            var value = IsPlain(sent) ? _dialect.HeaderValue(name, sent) : null;
            if (value != sent) asked.Removed = [.. asked.Removed, name];
            if (value is not null) request.Headers.TryAddWithoutValidation(name, value);
        }

        if (_key is not null) request.Headers.TryAddWithoutValidation(_dialect.Key.Header, _dialect.Key.Prefix + _key);
        return await _client.SendAsync(request, over).ConfigureAwait(false);
    }

    /// <summary>Why it could not be reached, in words of our own: those of the HTTP stack can repeat what was sent.</summary>
    public static string Problem(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "its name cannot be resolved",
        HttpRequestError.ConnectionError =>
            $"no connection ({(e.InnerException as SocketException)?.SocketErrorCode ?? SocketError.TimedOut})",
        HttpRequestError.SecureConnectionError => "no secure connection",
        HttpRequestError.InvalidResponse => "what it answers is no HTTP",
        HttpRequestError.ResponseEnded => "it went away without an answer",
        HttpRequestError.ConfigurationLimitExceeded => "the head of its answer is too long",
        _ => "the request broke off",
    };

    public void Dispose() => _client.Dispose();

    /// <summary>Whether a value is printable ASCII of an ordinary length: others cannot be sent.</summary>
    private static bool IsPlain(string value) => value.Length <= MaxHeader && value.All(c => c is >= ' ' and <= '~');
}
