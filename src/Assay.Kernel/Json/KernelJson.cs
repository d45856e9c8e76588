using System.Text.Json.Serialization;

namespace Assay.Kernel.Json;

/// <summary>Serializers for plain values, generated at compile time so that start-up needs no reflection.</summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class KernelJson : JsonSerializerContext;
