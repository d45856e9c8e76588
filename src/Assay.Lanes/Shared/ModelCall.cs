using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Shared;

/// <summary>One request to a model behind an OpenAI-compatible endpoint.</summary>
public sealed record ModelCall
{
    public required string Endpoint { get; init; }

    public required string Model { get; init; }

    /// <summary>What the model is told before the stage's documents.</summary>
    public required string Instructions { get; init; }

    public required int MaxOutputTokens { get; init; }

    /// <summary>The file that holds the key, which no document does; in components.json relative to it, in a binding absolute.</summary>
    public string? ApiKeyFile { get; init; }

    public required decimal InputUsdPerMillionTokens { get; init; }

    public required decimal OutputUsdPerMillionTokens { get; init; }

    /// <summary>What its process may reach: the endpoint, and what is granted besides.</summary>
    public NetworkReach Reach(Grants? grants)
    {
        var granted = Grants.Reach(grants);
        if (granted.IsOpen || !Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri)) return granted;
        var line = AllowedHost.Authority(uri.IdnHost, uri.Port);
        return AllowedHost.TryParse(line, out var host, out _) && !granted.Hosts.Contains(host) ? new NetworkReach([host, .. granted.Hosts]) : granted;
    }
}
