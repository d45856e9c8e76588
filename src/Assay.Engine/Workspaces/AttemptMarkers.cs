using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Engine.Native;
using Assay.Kernel.Streams;
using Assay.Native;
using Microsoft.Win32.SafeHandles;

namespace Assay.Engine.Workspaces;

/// <summary>
/// A name on disk for each attempt that may have begun, created exclusively before anything is started. Whoever creates it first may start
/// the attempt; a later owner that can still create it has proof that nothing was started (ruling 3).
/// </summary>
/// <remarks>
/// A marker is a hard link to a file that one attempt after the other uses, since creating and deleting a file for each would make ext4,
/// which does not use a deleted inode again for a minute, search longer and longer.
/// </remarks>
internal sealed class AttemptMarkers : IDisposable
{
    private const string SlotPrefix = "slot-";
    private const long MaxBytes = 64 << 10;

    private static int _instances;

    private readonly string _folder;
    private readonly string _owner;
    private readonly ConcurrentBag<Slot> _idle = [];
    private readonly ConcurrentDictionary<AttemptKey, Slot> _held = new();
    private int _slots;

    public AttemptMarkers(string folder)
    {
        _folder = folder;
        _owner = $"{Environment.ProcessId}-{ProcFs.Read(Environment.ProcessId)?.StartTicks}-{Interlocked.Increment(ref _instances)}";
        RemoveStaleSlots();
    }

    /// <summary>Creates the marker. False when it is there already.</summary>
    public bool TryCreate(AttemptKey key)
    {
        if (!_idle.TryTake(out var slot)) slot = new Slot(Path.Combine(_folder, $"{SlotPrefix}{_owner}-{Interlocked.Increment(ref _slots)}"));
        slot.Clear();
        if (Libc.Link(slot.Path, PathOf(key)) == 0)
        {
            _held[key] = slot;
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        _idle.Add(slot);
        return error == Libc.EEXIST ? false : throw new IOException($"{PathOf(key)}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Says what an attempt uses whose marker this engine holds, before it starts.</summary>
    public void Describe(AttemptKey key, AttemptTraces traces) => _held[key].Write(JsonSerializer.SerializeToUtf8Bytes(traces, MarkerJson.Default.AttemptTraces));

    /// <summary>What the attempt uses; null when it had not come so far.</summary>
    public AttemptTraces? Read(AttemptKey key) => TryRead(PathOf(key));

    /// <summary>Uncaged work may have put anything there.</summary>
    private static AttemptTraces? TryRead(string path)
    {
        try
        {
            using var folder = FolderHandle.OpenNamed(Path.GetDirectoryName(path)!);
            using var file = folder.OpenFile(Path.GetFileName(path));
            return file.Handle is null ? null : JsonSerializer.Deserialize(file.ReadAll(MaxBytes), MarkerJson.Default.AttemptTraces);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>What all attempts use that may be under way, as far as they say so.</summary>
    public static IEnumerable<AttemptTraces> ReadAll(string folder)
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            if (!Path.GetFileName(path).StartsWith(SlotPrefix, StringComparison.Ordinal) && TryRead(path) is { } traces) yield return traces;
        }
    }

    /// <summary>Removes the marker of an attempt whose outcome is in the ledger.</summary>
    public void Remove(AttemptKey key)
    {
        _ = Libc.Unlink(PathOf(key));
        if (_held.TryRemove(key, out var slot)) _idle.Add(slot);
    }

    public void Dispose()
    {
        foreach (var slot in _idle.Concat(_held.Values)) slot.Dispose();
    }

    private string PathOf(AttemptKey key) => Path.Combine(_folder, Digest.Of($"{key.Stream}\n{key.EffectId}\n{key.Attempt}").Short(32));

    /// <summary>Removes the slots of engines that are gone; what they had marked keeps its marker.</summary>
    private void RemoveStaleSlots()
    {
        foreach (var path in Directory.EnumerateFiles(_folder, SlotPrefix + "*"))
        {
            if (ProcessIdentity.FromName(Path.GetFileName(path)[SlotPrefix.Length..])?.IsAlive() != true) File.Delete(path);
        }
    }

    private sealed class Slot : IDisposable
    {
        private readonly SafeFileHandle _handle;

        public Slot(string path)
        {
            Path = path;
            _handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        }

        public string Path { get; }

        public void Clear() => RandomAccess.SetLength(_handle, 0);

        public void Write(byte[] bytes) => RandomAccess.Write(_handle, bytes, 0);

        public void Dispose()
        {
            _handle.Dispose();
            File.Delete(Path);
        }
    }
}

/// <summary>One attempt at one effect of one stream.</summary>
internal readonly record struct AttemptKey(StreamName Stream, string EffectId, int Attempt);

/// <summary>What an attempt uses, so that another engine can end it and keep its partial output.</summary>
/// <param name="Containment">The handle of what holds its processes.</param>
/// <param name="Root">The absolute folder below which the files lie.</param>
/// <param name="Output">The files that receive its output, relative to the root.</param>
internal sealed record AttemptTraces(string Containment, string Root, ImmutableArray<string> Output)
{
    /// <summary>The engine; null in what was written before it was named.</summary>
    public ProcessIdentity? Owner { get; init; }
}

[JsonSerializable(typeof(AttemptTraces))]
internal sealed partial class MarkerJson : JsonSerializerContext;
