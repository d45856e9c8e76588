using System.Security.Cryptography;
using Assay.Engine.Gateways;
using Assay.Kernel.Effects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Assay.Gateway;

/// <summary>The gateway of one attempt. Whoever does not show its key is told nothing.</summary>
internal sealed class OpenGateway : IOpenGateway
{
    private const int MaxConnections = 64;

    /// <summary>How long answers that are under way may take to tell what they cost, and then to be broken off.</summary>
    private static readonly TimeSpan SettlePatience = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly RequestLog _log;
    private readonly ModelRelay _relay;
    private readonly byte[] _keyDigest;
    private readonly CancellationTokenSource _ended = new();
    private readonly object _gate = new();
    private int _open;
    private bool _isClosing;

    /// <param name="gateway">What it leads to.</param>
    /// <param name="key">The real key; null: none is asked for.</param>
    /// <param name="log">Receives the lines.</param>
    /// <param name="room">Room for requests, shared with other gateways.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">It cannot listen.</exception>
    public OpenGateway(ModelGateway gateway, string? key, Stream log, RequestRoom room, TimeProvider time)
    {
        Key = $"assay-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24))}";
        _keyDigest = SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(Key));
        _log = new RequestLog(log, new KeyFilter(key));
        _relay = new ModelRelay(gateway, key, _log, room, time);
        // Empty: settings in files would be looked for, and watched for changes, below its folder.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.Listen(System.Net.IPAddress.Loopback, 0);
            options.Limits.MaxRequestBodySize = RequestBodies.MaxBytes;
            options.Limits.MaxRequestBufferSize = 64 * 1024;
            options.Limits.MaxConcurrentConnections = MaxConnections;
            options.Limits.MinRequestBodyDataRate = null;
            options.Limits.MinResponseDataRate = null;
            options.AddServerHeader = false;
        });
        _app = builder.Build();
        _app.Run(ServeAsync);
        _app.StartAsync().GetAwaiter().GetResult();
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = new Uri(address).Port;
    }

    public int Port { get; }

    public string Key { get; }

    public GatewayStop? Stop => _relay.Stop;

    public GatewayTotals End()
    {
        if (!_ended.IsCancellationRequested)
        {
            lock (_gate) _isClosing = true;
            Settle();
            _ended.Cancel();
            Settle();
            _relay.SettleAll();
            _log.Close();
        }

        return _relay.Totals();
    }

    public void Dispose()
    {
        _ = End();
        _app.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _relay.Dispose();
        _ended.Dispose();
    }

    /// <summary>Waits until nothing is under way.</summary>
    private void Settle()
    {
        var until = Environment.TickCount64 + (long)SettlePatience.TotalMilliseconds;
        lock (_gate)
        {
            for (long left; _open > 0 && (left = until - Environment.TickCount64) > 0;) Monitor.Wait(_gate, (int)left);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (!IsKnown(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        // Asked by some before anything else, to see whether there is anybody.
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (!TryEnter())
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        try
        {
            await _relay.ServeAsync(context, _ended.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or BadHttpRequestException)
        {
            context.Abort();
        }
        finally
        {
            lock (_gate)
            {
                _open--;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool TryEnter()
    {
        lock (_gate)
        {
            if (_isClosing) return false;
            _open++;
            return true;
        }
    }

    /// <summary>Each agent shows the key in its own way.</summary>
    private bool IsKnown(HttpRequest request)
    {
        var bearer = request.Headers.Authorization.ToString();
        string[] shown =
        [
            request.Headers["x-api-key"].ToString(), request.Headers["x-goog-api-key"].ToString(), request.Query["key"].ToString(),
            bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer["Bearer ".Length..] : "",
        ];
        return shown.Any(s => s.Length == Key.Length
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(s)), _keyDigest));
    }
}
