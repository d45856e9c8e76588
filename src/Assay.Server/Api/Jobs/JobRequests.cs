using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Server.Api.Jobs;

/// <summary>A decision's reason.</summary>
/// <param name="Reason">Why, in the person's words.</param>
internal sealed record ReasonRequest(string? Reason);

/// <summary>A rejection.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Replacement">What is proposed instead; without it the job ends.</param>
internal sealed record RejectRequest(string? Reason, JsonElement? Replacement);

/// <summary>A wish for a child: one of the job's proposals, or a blueprint.</summary>
internal sealed record SpawnRequest(string? ProposalId, JsonElement? Blueprint);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ReasonRequest))]
[JsonSerializable(typeof(RejectRequest))]
[JsonSerializable(typeof(SpawnRequest))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class JobRequestJson : JsonSerializerContext;
