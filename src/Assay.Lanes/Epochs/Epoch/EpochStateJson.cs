using System.Text.Json.Serialization;

namespace Assay.Lanes.Epochs;

/// <summary>How an epoch's state is kept. Nobody but the very build that wrote one reads it.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(EpochState))]
internal sealed partial class EpochStateJson : JsonSerializerContext;
