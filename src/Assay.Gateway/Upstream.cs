using System.Net;
using Assay.Kernel.Effects;
using Microsoft.AspNetCore.Http;

namespace Assay.Gateway;

/// <summary>The model behind a gateway: the provider's endpoint, with the real key, or Assay's own model for a check.</summary>
internal sealed class Upstream : IDisposable
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(15);

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
    /// <exception cref="HttpRequestException">It cannot be reached, or broke off.</exception>
    public async Task<HttpResponseMessage> AskAsync(HttpRequest agent, string method, string path, byte[]? body, CancellationToken over)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), _endpoint + path + _dialect.Query(path));
        request.Version = HttpVersion.Version11;
        if (body is not null) request.Content = new ByteArrayContent(body);
        foreach (var name in _dialect.Passed)
        {
            if (agent.Headers[name].ToString() is not { Length: > 0 } sent || _dialect.HeaderValue(name, sent) is not { } value) continue;
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        if (_key is not null) request.Headers.TryAddWithoutValidation(_dialect.Key.Header, _dialect.Key.Prefix + _key);
        return await _client.SendAsync(request, over).ConfigureAwait(false);
    }

    public void Dispose() => _client.Dispose();
}
