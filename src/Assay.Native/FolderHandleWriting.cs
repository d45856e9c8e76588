using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Assay.Native;

/// <summary>
/// How files come into a folder where somebody may have put something else already: made anew, or from a new one beside it whose name nobody
/// could guess.
/// </summary>
internal sealed unsafe partial class FolderHandle
{
    /// <summary>What a file may, for which permission bits were asked, until all of it is written: so one that was cut short is known.</summary>
    public const uint UnfinishedMode = 0x80;

    private const int RandomDigits = 24;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Makes a new file; whatever stands there already is left alone.</summary>
    /// <param name="relative">Its path. Folders on the way are made.</param>
    /// <param name="mode">Its permission bits, less what the process masks.</param>
    /// <exception cref="IOException">Something stands there, or it cannot be made.</exception>
    public SafeFileHandle Create(string relative, uint mode = AllMayReadAndWrite) =>
        TryCreate(relative, mode) ?? throw new IOException($"{Shown(relative)}: something stands there already");

    /// <summary>The same; null when something stands there.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public SafeFileHandle? TryCreate(string relative, uint mode = AllMayReadAndWrite)
    {
        using var parent = Parent(relative, make: true, out var name);
        var descriptor = Libc.OpenAt(parent.Descriptor, name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, mode);
        if (descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        return Marshal.GetLastPInvokeError() == Libc.EEXIST ? null : throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
    }

    /// <summary>Opens a regular file to write in it, and makes it when it is not there.</summary>
    /// <exception cref="IOException">Something else stands there, or it cannot be opened.</exception>
    public SafeFileHandle OpenToWrite(string relative)
    {
        var file = OpenFile(relative, Libc.O_WRONLY);
        if (file.IsMissing) return Create(relative);
        return file.Handle ?? throw new IOException($"{Shown(relative)} {file.Problem}");
    }

    /// <summary>Opens a regular file so that whatever is written goes behind what it holds, and makes it when it is not there.</summary>
    /// <exception cref="IOException">Something else stands there, or it cannot be opened.</exception>
    public SafeFileHandle OpenToAppend(string relative)
    {
        var file = OpenFile(relative, Libc.O_WRONLY | Libc.O_APPEND);
        if (file.IsMissing)
        {
            TryCreate(relative)?.Dispose();
            file = OpenFile(relative, Libc.O_WRONLY | Libc.O_APPEND);
        }

        return file.Handle ?? throw new IOException($"{Shown(relative)} {file.Problem}");
    }

    /// <summary>Gives a file another name in the same folder, in whose place it comes.</summary>
    /// <param name="relative">Its path.</param>
    /// <param name="name">The new last part of its path.</param>
    /// <returns>False when it is not there.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public bool Rename(string relative, string name)
    {
        using var parent = Parent(relative, make: false, out var old);
        if (Libc.RenameAt(parent.Descriptor, old, parent.Descriptor, name) == 0) return true;
        return Marshal.GetLastPInvokeError() == Libc.ENOENT ? false : throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
    }

    /// <summary>Gives a file another name in the same folder, where there must be none of that name.</summary>
    /// <param name="relative">Its path.</param>
    /// <param name="name">The new last part of its path.</param>
    /// <returns>False when it is not there.</returns>
    /// <exception cref="IOException">It cannot be renamed, or something has the name.</exception>
    public bool RenameToNew(string relative, string name)
    {
        const uint noReplace = 1;
        using var parent = Parent(relative, make: false, out var old);
        if (Libc.RenameAt2(parent.Descriptor, old, parent.Descriptor, name, noReplace) == 0) return true;
        return Marshal.GetLastPInvokeError() == Libc.ENOENT ? false : throw new IOException($"{Shown(relative)} to {name}: {Libc.LastError()}");
    }

    /// <summary>Writes a new file; whatever stands there already is left alone.</summary>
    /// <param name="relative">Its path. Folders on the way are made.</param>
    /// <param name="content">All that it holds.</param>
    /// <param name="mode">Its permission bits, exactly; null: as usual for a new file.</param>
    /// <param name="isSynced">Whether its content survives a loss of power from now on.</param>
    /// <param name="heirOf">A file that it is to replace, and from which it inherits (<see cref="FileHeritage"/>); null: none.</param>
    /// <exception cref="IOException">Something stands there, or it cannot be written.</exception>
    public void WriteNew(string relative, ReadOnlySpan<byte> content, uint? mode = null, bool isSynced = false, string? heirOf = null)
    {
        using var file = Create(relative, mode is null ? AllMayReadAndWrite : UnfinishedMode);
        RandomAccess.Write(file, content, 0);
        var descriptor = (int)file.DangerousGetHandle();
        using var heritage = heirOf is null ? null : new FileHeritage(OpenFile(heirOf), Shown(heirOf));
        heritage?.Give(descriptor);
        if (isSynced && Libc.FSync(descriptor) != 0) throw new IOException($"fsync {Shown(relative)}: {Libc.LastError()}");
        if (mode is { } given) heritage?.Open(descriptor, given);
        if (mode is { } bits && Libc.FChMod(descriptor, bits) != 0) throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
    }

    /// <summary>
    /// Writes a whole file, which has its name only when all is written: it comes from a new one beside it whose name nobody could guess.
    /// </summary>
    /// <param name="relative">Its path. Folders on the way are made.</param>
    /// <param name="content">All that it holds.</param>
    /// <param name="replaces">Whether it takes the place of what stands there, unless that is a folder; else that stays.</param>
    /// <param name="mode">Its permission bits, exactly; null: as usual for a new file.</param>
    /// <param name="isSynced">Whether its content survives a loss of power from now on.</param>
    /// <returns>False when something stood there and stays.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public bool Write(string relative, ReadOnlySpan<byte> content, bool replaces, uint? mode = null, bool isSynced = false)
    {
        using var parent = Parent(relative, make: true, out var name);
        var temporary = RandomName();
        try
        {
            parent.WriteNew(temporary, content, mode, isSynced);
            return Exchange(parent, temporary, name, replaces, relative);
        }
        catch
        {
            _ = Libc.UnlinkAt(parent.Descriptor, temporary, 0);
            throw;
        }
    }

    /// <summary>The same for a link.</summary>
    public bool WriteLink(string relative, string target, bool replaces)
    {
        using var parent = Parent(relative, make: true, out var name);
        var temporary = RandomName();
        if (Libc.SymLinkAt(target, parent.Descriptor, temporary) != 0) throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
        try
        {
            return Exchange(parent, temporary, name, replaces, relative);
        }
        catch
        {
            _ = Libc.UnlinkAt(parent.Descriptor, temporary, 0);
            throw;
        }
    }

    /// <summary>A name that nobody can guess.</summary>
    internal static string RandomName() =>
        $"{Encoding.ASCII.GetString(Prefix)}{RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true)}{Encoding.ASCII.GetString(Suffix)}";

    private static bool IsRandom(ReadOnlySpan<byte> name) => name.Length == Prefix.Length + RandomDigits + Suffix.Length
        && name.StartsWith(Prefix) && name.EndsWith(Suffix) && !name.Slice(Prefix.Length, RandomDigits).ContainsAnyExcept(HexDigits);

    private static ReadOnlySpan<byte> Prefix => ".assay-"u8;

    private static ReadOnlySpan<byte> Suffix => ".tmp"u8;

    private bool Exchange(FolderHandle parent, string temporary, string name, bool replaces, string relative)
    {
        if (replaces)
        {
            return Libc.RenameAt(parent.Descriptor, temporary, parent.Descriptor, name) == 0
                ? true
                : throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
        }

        var isThere = Libc.LinkAt(parent.Descriptor, temporary, parent.Descriptor, name, 0) == 0;
        var error = isThere ? 0 : Marshal.GetLastPInvokeError();
        _ = Libc.UnlinkAt(parent.Descriptor, temporary, 0);
        return isThere || error == Libc.EEXIST
            ? isThere
            : throw new IOException($"{Shown(relative)}: {Marshal.GetPInvokeErrorMessage(error)}");
    }
}
