using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Engine.Native;

/// <summary>
/// System calls that are written down by ordinary code and made one after the other by a thread that can run no ordinary code any more.
/// All of it, and whatever its calls point to, lies in unmanaged memory.
/// </summary>
internal sealed unsafe class SyscallScript : IDisposable
{
    private const int ChunkBytes = 32 * 1024;

    /// <summary>What a system call takes on x86-64.</summary>
    private const int MaxArguments = 6;

    private readonly List<IntPtr> _chunks = [];
    private readonly List<string> _names = [];
    private readonly List<Op> _ops = [];
    private int _used;

    private ref Op Last => ref CollectionsMarshal.AsSpan(_ops)[^1];

    /// <summary>One call.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Op
    {
        public long Number;
        public fixed long Arguments[MaxArguments];

        /// <summary>Where its first argument stands, when an earlier call made it; else null.</summary>
        public int* First;

        /// <summary>Where its result is kept; null: nowhere.</summary>
        public int* Result;

        public int MayFail;
    }

    public int Count => _ops.Count;

    /// <summary>The calls as they stand now, where the thread can read them.</summary>
    public Op* Written() => (Op*)Copy<Op>(CollectionsMarshal.AsSpan(_ops));

    /// <summary>Adds a call.</summary>
    /// <param name="name">What it does, for the sentence that says that it failed.</param>
    /// <param name="number">Its number on x86-64.</param>
    /// <param name="arguments">At most six.</param>
    public SyscallScript Call(string name, long number, params ReadOnlySpan<long> arguments)
    {
        if (arguments.Length > MaxArguments) throw new ArgumentException($"a system call takes at most {MaxArguments} arguments", nameof(arguments));
        var op = new Op { Number = number };
        for (var i = 0; i < arguments.Length; i++) op.Arguments[i] = arguments[i];
        _ops.Add(op);
        _names.Add(name);
        return this;
    }

    /// <summary>The call that was added last may fail, which changes nothing.</summary>
    public SyscallScript OrNot()
    {
        Last.MayFail = 1;
        return this;
    }

    /// <summary>Keeps the result of the call that was added last, as a struct's field or for a later call.</summary>
    public SyscallScript Into(int* place)
    {
        *place = -1;
        Last.Result = place;
        return this;
    }

    /// <summary>The first argument of the call that was added last is a result that was kept.</summary>
    public SyscallScript With(int* place)
    {
        Last.First = place;
        return this;
    }

    /// <summary>What the call at an index was to do.</summary>
    public string NameOf(int index) => _names[index];

    /// <summary>A text with its NUL, as an argument.</summary>
    public long Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        var at = Take(bytes + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(at, bytes));
        at[bytes] = 0;
        return (long)at;
    }

    /// <summary>A copy of values, as an argument.</summary>
    public long Copy<T>(params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var at = Take(values.Length * sizeof(T));
        values.CopyTo(new Span<T>(at, values.Length));
        return (long)at;
    }

    /// <summary>Room that the thread may write to, zeroed.</summary>
    public byte* Take(int bytes)
    {
        var size = (bytes + 15) & ~15;
        if (_used + size > ChunkBytes || _chunks.Count == 0)
        {
            _chunks.Add((IntPtr)NativeMemory.AllocZeroed((nuint)Math.Max(size, ChunkBytes)));
            _used = 0;
        }

        var at = (byte*)_chunks[^1] + _used;
        _used += size;
        return at;
    }

    public void Dispose()
    {
        foreach (var chunk in _chunks) NativeMemory.Free((void*)chunk);
        _chunks.Clear();
    }
}
