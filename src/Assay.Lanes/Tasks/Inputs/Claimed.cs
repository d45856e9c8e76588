using System.Text.Json.Serialization;

namespace Assay.Lanes.Tasks;

/// <summary>The claim of a workspace to a project (contract <c>project_claim_v1</c>).</summary>
internal sealed record Claimed(string SchemaVersion, string Workspace)
{
    /// <summary>The workspace from which it is being taken over; null: it is not.</summary>
    public string? From { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Claimed))]
internal sealed partial class ClaimJson : JsonSerializerContext;
