using System.Collections.Concurrent;

namespace Assay.Engine.Native;

/// <summary>The processes that this one started itself and waits for. Every other child of it was left to it as subreaper.</summary>
internal static class OwnChildren
{
    private static readonly ConcurrentDictionary<int, bool> Pids = new();

    public static void Add(int pid) => Pids[pid] = true;

    public static void Remove(int pid) => Pids.TryRemove(pid, out _);

    public static bool Contains(int pid) => Pids.ContainsKey(pid);
}
