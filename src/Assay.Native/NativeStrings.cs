using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Native;

/// <summary>A null-terminated array of null-terminated UTF-8 strings, as argv and envp are.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private byte* _block;

    /// <exception cref="ArgumentException">A string holds a NUL character, which no argument can.</exception>
    public NativeStrings(IReadOnlyList<string> strings)
    {
        var bytes = 0;
        foreach (var s in strings)
        {
            if (s.Contains('\0', StringComparison.Ordinal)) throw new ArgumentException("an argument or variable holds a NUL character", nameof(strings));
            bytes += Encoding.UTF8.GetByteCount(s) + 1;
        }

        var pointers = (strings.Count + 1) * sizeof(byte*);
        _block = (byte*)NativeMemory.Alloc((nuint)(pointers + bytes));
        Array = (byte**)_block;
        var at = _block + pointers;
        for (var i = 0; i < strings.Count; i++)
        {
            Array[i] = at;
            at += Encoding.UTF8.GetBytes(strings[i], new Span<byte>(at, bytes));
            *at++ = 0;
        }

        Array[strings.Count] = null;
    }

    public byte** Array { get; }

    public void Dispose()
    {
        NativeMemory.Free(_block);
        _block = null;
    }
}
