using System.Collections.Concurrent;
using Assay.Gateway;
using Assay.Kernel.Effects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Assay.Tests.Tasks;

/// <summary>A provider of models on loopback: a web server of its own, behind the gateway, that asks for the real key and answers by a script.</summary>
internal sealed class ScriptedProvider : IAsyncDisposable
{
    public const string Key = "the-real-key-0123456789";

    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _model;

    public ScriptedProvider(ModelDialect dialect, FakeScript script)
    {
        _model = new HttpMessageInvoker(new FakeModel(dialect, script));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(async context =>
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
            Bodies.Enqueue(System.Text.Encoding.UTF8.GetString(body.ToArray()));
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"http://model.invalid{context.Request.Path}");
            if (body.Length > 0) request.Content = new ByteArrayContent(body.ToArray());
            using var answer = await _model.SendAsync(request, context.RequestAborted);
            (context.Response.StatusCode, context.Response.ContentType) = ((int)answer.StatusCode, answer.Content.Headers.ContentType!.ToString());
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        _app.StartAsync().GetAwaiter().GetResult();
        Url = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public string Url { get; }

    public ConcurrentQueue<string> Requests { get; } = [];

    public ConcurrentQueue<string> Bodies { get; } = [];

    public ValueTask DisposeAsync()
    {
        _model.Dispose();
        return _app.DisposeAsync();
    }
}
