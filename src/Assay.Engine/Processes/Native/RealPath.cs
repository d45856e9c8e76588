using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Engine.Processes.Native;

/// <summary>Paths with every link in them resolved, as realpath(3) does it: what is compared with what is hidden must not have another name.</summary>
internal static unsafe class RealPath
{
    private const int MaxBytes = 4096;

    /// <summary>The real path of what is there; of what is not, the path as it is.</summary>
    public static string Of(string path)
    {
        var buffer = stackalloc byte[MaxBytes];
        using var name = new NativeStrings([path]);
        return Libc.RealPath(name.Array[0], buffer) == null
            ? path
            : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer));
    }
}
