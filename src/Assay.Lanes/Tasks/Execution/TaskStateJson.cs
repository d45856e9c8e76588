using System.Text.Json.Serialization;

namespace Assay.Lanes.Tasks;

/// <summary>How the states of the Tasks lane's streams are kept. Nobody but the very build that wrote one reads it.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ExecutionState))]
[JsonSerializable(typeof(TaskState))]
[JsonSerializable(typeof(AdapterRefusal))]
[JsonSerializable(typeof(FollowUp))]
[JsonSerializable(typeof(TaskStanding))]
[JsonSerializable(typeof(PatchRecord))]
[JsonSerializable(typeof(AdapterSpec))]
[JsonSerializable(typeof(AdapterState))]
[JsonSerializable(typeof(ProjectState))]
internal sealed partial class TaskStateJson : JsonSerializerContext;
