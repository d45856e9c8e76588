using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Assay.Engine.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>Filters in unmanaged memory, each made once.</summary>
internal static unsafe class SeccompPrograms
{
    private static readonly ConcurrentDictionary<(bool View, bool Network, bool ByPath), (IntPtr Program, ushort Length)> Made = new();

    public static (IntPtr Program, ushort Length) Get(bool hasView, bool hasNetwork, bool mayCallByPath) =>
        Made.GetOrAdd((hasView, hasNetwork, mayCallByPath), static key => Copy(SeccompFilter.Build(key.View, key.Network, key.ByPath)));

    private static (IntPtr Program, ushort Length) Copy(Bpf.Instruction[] code)
    {
        var memory = (Bpf.Instruction*)NativeMemory.Alloc((nuint)(code.Length * sizeof(Bpf.Instruction)));
        code.CopyTo(new Span<Bpf.Instruction>(memory, code.Length));
        return ((IntPtr)memory, checked((ushort)code.Length));
    }
}
