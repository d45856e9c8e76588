using System.Runtime.InteropServices;

namespace Assay.Native;

/// <summary>How files change places so that nothing is lost that somebody put there meanwhile (renameat2(2)).</summary>
internal sealed partial class FolderHandle
{
    private const uint NoReplace = 1;
    private const uint Swapped = 2;

    /// <summary>What the name of a file is called while it is on its way, where the file system cannot exchange two.</summary>
    private const string OnTheWay = ".out";

    /// <summary>Whether file systems can exchange two names at once. Tests take it away.</summary>
    internal static bool HasSwap { get; set; } = true;

    /// <summary>Moves what stands at a path to another, where nothing may stand.</summary>
    /// <param name="from">Its path.</param>
    /// <param name="to">The new one. Folders on the way are made.</param>
    /// <returns>False when something stands there, or nothing at the first path: then all is as it was.</returns>
    /// <exception cref="IOException">It cannot be moved.</exception>
    public bool TryMove(string from, string to)
    {
        using var source = Parent(from, make: false, out var old);
        using var target = Parent(to, make: true, out var name);
        if (Libc.RenameAt2(source.Descriptor, old, target.Descriptor, name, NoReplace) == 0) return true;
        return Marshal.GetLastPInvokeError() is Libc.EEXIST or Libc.ENOENT ? false : throw new IOException($"{Shown(from)}: {Libc.LastError()}");
    }

    /// <summary>
    /// Exchanges what stands at two paths, whatever it is. Where the file system cannot do that at once, the first is on its way for a moment, and
    /// <see cref="BringHome"/> ends a way that was cut short.
    /// </summary>
    /// <returns>False when there is nothing at one of them: then all is as it was.</returns>
    /// <exception cref="IOException">They cannot be exchanged.</exception>
    public bool TrySwap(string one, string other)
    {
        using var first = Parent(one, make: false, out var firstName);
        using var second = Parent(other, make: false, out var secondName);
        if (HasSwap && Libc.RenameAt2(first.Descriptor, firstName, second.Descriptor, secondName, Swapped) == 0) return true;
        var error = HasSwap ? Marshal.GetLastPInvokeError() : Libc.ENOSYS;
        if (error == Libc.ENOENT) return false;
        if (error is not (Libc.EINVAL or Libc.ENOSYS)) throw new IOException($"{Shown(one)}: {Marshal.GetPInvokeErrorMessage(error)}");
        if (Look(other) is null || !TryMove(one, other + OnTheWay)) return false;
        if (!TryMove(other, one)) throw new IOException($"{Shown(one)}: something was put there while it was exchanged");
        return TryMove(other + OnTheWay, other);
    }

    /// <summary>Ends an exchange that was cut short: what was on its way comes to the second path, or back where nothing came in its place.</summary>
    /// <param name="one">The first path of the exchange.</param>
    /// <param name="other">The second.</param>
    public void BringHome(string one, string other)
    {
        if (Look(other + OnTheWay) is null) return;
        TryMove(other + OnTheWay, Look(one) is null ? one : other);
    }
}
