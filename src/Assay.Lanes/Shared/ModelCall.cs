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
}
