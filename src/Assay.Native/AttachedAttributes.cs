using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Native;

/// <summary>What people attach to a file or folder beside its content: user attributes, and lists of who may (xattr(7), acl(5)).</summary>
internal static unsafe class AttachedAttributes
{
    /// <summary>The list of who may read, write and run a file.</summary>
    public const string AccessList = "system.posix_acl_access";

    /// <summary>The kernel holds no more for one file, neither names nor a value.</summary>
    private const int MostBytes = 64 * 1024;

    private const string OfUsers = "user.";
    private const string Lists = "system.posix_acl_";

    /// <summary>Their names.</summary>
    /// <param name="descriptor">The file.</param>
    /// <param name="name">The file's name, for what is thrown.</param>
    /// <exception cref="IOException">It cannot be told.</exception>
    public static IReadOnlyList<string> Names(int descriptor, string name)
    {
        var names = new byte[MostBytes];
        fixed (byte* start = names)
        {
            var length = (int)Libc.FListXAttr(descriptor, start, MostBytes);
            if (length < 0 && Marshal.GetLastPInvokeError() == Libc.EOPNOTSUPP) return [];
            if (length < 0) throw new IOException($"{name}: {Libc.LastError()}");
            var listed = Encoding.UTF8.GetString(names, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            return [.. listed.Where(n => n.StartsWith(OfUsers, StringComparison.Ordinal) || n.StartsWith(Lists, StringComparison.Ordinal))];
        }
    }

    /// <summary>The value of one; null when there is none.</summary>
    public static byte[]? Value(int descriptor, string attribute)
    {
        var value = new byte[MostBytes];
        fixed (byte* start = value)
        {
            var length = (int)Libc.FGetXAttr(descriptor, attribute, start, MostBytes);
            return length < 0 ? null : value[..length];
        }
    }

    /// <summary>Attaches one, if the system permits it.</summary>
    public static void Attach(int descriptor, string attribute, byte[] value)
    {
        fixed (byte* start = value) _ = Libc.FSetXAttr(descriptor, attribute, start, (nuint)value.Length, 0);
    }

    /// <summary>Attaches the user attributes of one file to another, as far as the system permits.</summary>
    /// <param name="from">The file that has them.</param>
    /// <param name="to">The other.</param>
    /// <param name="name">The file's name, for what is thrown.</param>
    /// <exception cref="IOException">It cannot be told what there is.</exception>
    public static void CopyOfUsers(int from, int to, string name)
    {
        foreach (var attribute in Names(from, name).Where(n => n.StartsWith(OfUsers, StringComparison.Ordinal)))
        {
            if (Value(from, attribute) is { } value) Attach(to, attribute, value);
        }
    }
}
