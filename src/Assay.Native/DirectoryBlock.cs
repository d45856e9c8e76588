namespace Assay.Native;

/// <summary>The entries of a folder as the kernel hands them out (getdents64(2)), one behind the other.</summary>
internal static unsafe class DirectoryBlock
{
    /// <summary>Room for some hundreds of entries.</summary>
    public const int Bytes = 32 * 1024;

    private const int LengthOffset = 16;
    private const int NameOffset = 19;

    /// <summary>How long the entry is, and so where the next one begins.</summary>
    public static int Length(byte* entry) => *(ushort*)(entry + LengthOffset);

    /// <summary>Its name, which ends with a NUL.</summary>
    public static byte* Name(byte* entry) => entry + NameOffset;

    /// <summary>Whether a name is that of the folder itself or of the one above.</summary>
    public static bool IsDots(byte* name) => name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}
