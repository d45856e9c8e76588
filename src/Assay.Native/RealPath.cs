using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Native;

/// <summary>
/// Paths with every link in them resolved, as realpath(3) does it: what is compared with what is hidden must not have another name.
/// </summary>
internal static unsafe class RealPath
{
    private const int MaxBytes = 4096;

    /// <summary>The real path of an absolute path, as far as it is there: what is not follows as it is.</summary>
    public static string Of(string path)
    {
        var buffer = stackalloc byte[MaxBytes];
        var there = path;
        while (true)
        {
            using var name = new NativeStrings([there]);
            if (Libc.RealPath(name.Array[0], buffer) != null)
            {
                var real = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer));
                return there.Length == path.Length ? real : Path.Combine(real, path[there.Length..].TrimStart('/'));
            }

            if (Path.GetDirectoryName(there) is not { Length: > 0 } above || above == there) return path;
            there = above;
        }
    }
}
