using Assay.Engine.Gateways;
using Assay.Kernel.Effects;

namespace Assay.Gateway;

/// <summary>Opens gateways to models over HTTP, each a small web server of its own on 127.0.0.1, by the framework's own server.</summary>
public sealed class ModelGateways(TimeProvider time) : IModelGateways
{
    private readonly RequestRoom _room = new(RequestBodies.MaxBytesAtOnce);

    public IOpenGateway Open(ModelGateway gateway, string? key, Stream log) => new OpenGateway(gateway, key, log, _room, time);
}
