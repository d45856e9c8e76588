using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Native;

/// <summary>What people attach to a file or folder that is not its content: user attributes, and lists of who may (xattr(7), acl(5)).</summary>
internal static class AttachedAttributes
{
    /// <summary>The kernel holds no more for one file, neither names nor a value.</summary>
    private const int MostBytes = 64 * 1024;

    /// <summary>Their names.</summary>
    /// <param name="descriptor">The file.</param>
    /// <param name="name">The file's name, for what is thrown.</param>
    /// <exception cref="IOException">It cannot be told.</exception>
    public static unsafe IReadOnlyList<string> Names(int descriptor, string name)
    {
        var names = new byte[MostBytes];
        fixed (byte* start = names)
        {
            var length = (int)Libc.FListXAttr(descriptor, start, MostBytes);
            if (length < 0 && Marshal.GetLastPInvokeError() == Libc.EOPNOTSUPP) return [];
            if (length < 0) throw new IOException($"{name}: {Libc.LastError()}");
            var listed = Encoding.UTF8.GetString(names, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            return [.. listed.Where(n => n.StartsWith("user.", StringComparison.Ordinal) || n.StartsWith("system.posix_acl_", StringComparison.Ordinal))];
        }
    }

    /// <summary>Attaches the same to another file, as far as the system permits.</summary>
    /// <param name="from">The file that has them.</param>
    /// <param name="to">The other.</param>
    /// <param name="name">The file's name, for what is thrown.</param>
    /// <exception cref="IOException">It cannot be told what there is.</exception>
    public static unsafe void Copy(int from, int to, string name)
    {
        var value = new byte[MostBytes];
        fixed (byte* start = value)
        {
            foreach (var attribute in Names(from, name))
            {
                var length = Libc.FGetXAttr(from, attribute, start, MostBytes);
                if (length >= 0) _ = Libc.FSetXAttr(to, attribute, start, (nuint)length, 0);
            }
        }
    }
}
