using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Engine.Gateways;

/// <summary>Opens gateways to models. The engine knows none; a program that has them gives them to it.</summary>
public interface IModelGateways
{
    /// <summary>Opens one for one attempt.</summary>
    /// <param name="gateway">What it leads to, and what it may cost.</param>
    /// <param name="key">The real key; null: the endpoint asks for none.</param>
    /// <param name="log">Receives a line for each request; the gateway does not close it.</param>
    /// <exception cref="IOException">It cannot be opened; the message says why.</exception>
    IOpenGateway Open(ModelGateway gateway, string? key, Stream log);
}

/// <summary>A gateway that is open.</summary>
public interface IOpenGateway : IDisposable
{
    /// <summary>Its port on 127.0.0.1 of the host.</summary>
    int Port { get; }

    /// <summary>What a caller has to show: a key that is good for this attempt alone.</summary>
    string Key { get; }

    /// <summary>Whether the run has to end.</summary>
    GatewayStop? Stop { get; }

    /// <summary>Ends what is under way, after a moment in which it can tell what it cost.</summary>
    GatewayTotals End();
}

/// <summary>What went through, without its log.</summary>
public sealed record GatewayTotals(
    long Requests, long Failed, long InputTokens, long CachedTokens, long OutputTokens, Usd? Cost, Usd? CostAtMost, GatewayStop? Stop,
    string? Reason);
