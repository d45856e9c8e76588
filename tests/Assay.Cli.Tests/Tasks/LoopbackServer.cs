using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Assay.Tests.Tasks;

/// <summary>What came to the server.</summary>
internal sealed record Received(string Method, string Path, byte[] Bytes, IReadOnlyDictionary<string, string> Headers)
{
    public string Body => Encoding.UTF8.GetString(Bytes);
}

/// <summary>A real HTTP server on the loopback interface, whose answers the test decides.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<Received, HttpListenerResponse, byte[]> _answer;

    public LoopbackServer(Func<Received, HttpListenerResponse, string> answer) : this((r, response) => Encoding.UTF8.GetBytes(answer(r, response)))
    {
    }

    private LoopbackServer(Func<Received, HttpListenerResponse, byte[]> answer)
    {
        _answer = answer;
        Port = FreePort.Take();
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _ = ServeAsync();
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public ConcurrentQueue<Received> Requests { get; } = new();

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        var headers = context.Request.Headers.AllKeys.ToDictionary(k => k!, k => context.Request.Headers[k]!, StringComparer.OrdinalIgnoreCase);
        var received = new Received(context.Request.HttpMethod, context.Request.Url!.AbsolutePath, body.ToArray(), headers);
        Requests.Enqueue(received);
        try
        {
            var answer = _answer(received, context.Response);
            context.Response.ContentLength64 = answer.Length;
            await context.Response.OutputStream.WriteAsync(answer);
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // The client has gone, as some tests want.
        }
    }
}
