using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Engine.Workspaces;

/// <summary>
/// A file for each attempt that may have begun, created exclusively before anything is started. Whoever creates it first may start the attempt; a later
/// owner that can still create it has proof that nothing was started (ruling 3).
/// </summary>
internal sealed class AttemptMarkers(string folder)
{
    /// <summary>Creates the marker. False when it is there already.</summary>
    public bool TryCreate(AttemptKey key)
    {
        try
        {
            using var file = File.OpenHandle(Path(key), FileMode.CreateNew, FileAccess.Write);
            return true;
        }
        catch (IOException) when (File.Exists(Path(key)))
        {
            return false;
        }
    }

    /// <summary>Says what the attempt uses, before it starts.</summary>
    public void Describe(AttemptKey key, AttemptTraces traces) =>
        File.WriteAllBytes(Path(key), JsonSerializer.SerializeToUtf8Bytes(traces, MarkerJson.Default.AttemptTraces));

    /// <summary>What the attempt uses; null when it had not come so far.</summary>
    public AttemptTraces? Read(AttemptKey key)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path(key)), MarkerJson.Default.AttemptTraces);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes the marker of an attempt whose outcome is in the ledger.</summary>
    public void Remove(AttemptKey key) => File.Delete(Path(key));

    private string Path(AttemptKey key) =>
        System.IO.Path.Combine(folder, Digest.Of($"{key.Stream}\n{key.EffectId}\n{key.Attempt}").Short(32));
}

/// <summary>One attempt at one effect of one stream.</summary>
internal readonly record struct AttemptKey(StreamName Stream, string EffectId, int Attempt);

/// <summary>What an attempt uses, so that another engine can end it and keep its partial output.</summary>
/// <param name="Containment">The handle of what holds its processes.</param>
/// <param name="Root">The absolute folder below which the files lie.</param>
/// <param name="Output">The files that receive its output, relative to the root.</param>
internal sealed record AttemptTraces(string Containment, string Root, ImmutableArray<string> Output);

[JsonSerializable(typeof(AttemptTraces))]
internal sealed partial class MarkerJson : JsonSerializerContext;
