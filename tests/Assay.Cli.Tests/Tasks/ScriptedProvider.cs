using System.Collections.Concurrent;
using System.Text;
using Assay.Gateway;
using Assay.Kernel.Effects;
using Microsoft.AspNetCore.Http;

namespace Assay.Tests.Tasks;

/// <summary>A provider of models on loopback, behind the gateway, that asks for the real key and answers by a script.</summary>
internal sealed class ScriptedProvider : IAsyncDisposable
{
    public const string Key = "the-real-key-0123456789";

    private readonly RawProvider _server;
    private readonly HttpMessageInvoker _model;

    public ScriptedProvider(ModelDialect dialect, FakeScript script)
    {
        _model = new HttpMessageInvoker(new FakeModel(dialect, script));
        _server = new RawProvider(AnswerAsync);
    }

    public string Url => _server.Url;

    public ConcurrentQueue<string> Requests { get; } = [];

    public ConcurrentQueue<string> Bodies { get; } = [];

    public ValueTask DisposeAsync()
    {
        _model.Dispose();
        return _server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var shown = context.Request.Headers["x-api-key"].ToString() + context.Request.Headers["x-goog-api-key"] + context.Request.Headers.Authorization;
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}");
        if (!shown.EndsWith(Key, StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Bodies.Enqueue(Encoding.UTF8.GetString(body.ToArray()));
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"http://model.invalid{context.Request.Path}");
        if (body.Length > 0) request.Content = new ByteArrayContent(body.ToArray());
        using var answer = await _model.SendAsync(request, context.RequestAborted);
        (context.Response.StatusCode, context.Response.ContentType) = ((int)answer.StatusCode, answer.Content.Headers.ContentType!.ToString());
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
