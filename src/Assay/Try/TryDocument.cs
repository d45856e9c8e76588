using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Try;

/// <summary>What its ids are computed from.</summary>
internal sealed record TryDocument(
    string Folder, ImmutableArray<string> Command, Digest? ProgramSha256, SandboxLevel Sandbox, ImmutableArray<string> Reads,
    ImmutableArray<string> Hides, ImmutableArray<string> Writes, long TimeMs,
    long MemoryBytes, long DiskBytes, int Processes, ImmutableArray<string> Hosts, OpenNetwork? Network, long? NetworkBytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TryDocument))]
internal sealed partial class TryJson : JsonSerializerContext;
