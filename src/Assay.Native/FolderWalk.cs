using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Assay.Native;

/// <summary>
/// The one walker through folders that untrusted work could write: each entry once, folders before what lies in them, never through a link.
/// It goes from descriptor to descriptor, so that nothing that is moved or replaced meanwhile leads out of the folder, and paths may be
/// longer than the system takes.
/// </summary>
/// <remarks>
/// The system's order is kept, so whoever needs another sorts. To be used by one thread.
/// </remarks>
internal sealed unsafe class FolderWalk : IDisposable
{
    /// <summary>Steps between two looks at the clock.</summary>
    private const int StepsAtOnce = 64;

    private readonly WalkBounds _bounds;
    private readonly CancellationToken _cancel;
    private readonly string _under;
    private readonly long _began = Environment.TickCount64;
    private readonly Stack<Level> _open = new();
    private byte* _buffer = (byte*)NativeMemory.Alloc(DirectoryBlock.Bytes);
    private int _at;
    private int _length;
    private byte* _name;
    private int _nameLength;
    private Level? _prefixOf;
    private char[] _path = new char[256];
    private Level? _entered;
    private Statx _found;

    /// <summary>Begins at a folder, which is no entry of its own walk.</summary>
    /// <param name="top">The folder; it may be closed before the walk ends.</param>
    /// <param name="bounds">How far to go.</param>
    /// <param name="cancel">Ends the walk with an exception.</param>
    public FolderWalk(FolderHandle top, WalkBounds bounds, CancellationToken cancel = default)
        : this(top, bounds, "", cancel)
    {
    }

    /// <summary>The same in a folder that lies below the one from which paths count.</summary>
    /// <param name="top">The folder.</param>
    /// <param name="bounds">How far to go.</param>
    /// <param name="under">What every path begins with: the folder's own.</param>
    /// <param name="cancel">Ends the walk with an exception.</param>
    public FolderWalk(FolderHandle top, WalkBounds bounds, string under, CancellationToken cancel)
    {
        (_bounds, _cancel, _under) = (bounds, cancel, under);
        fixed (byte* itself = ".\0"u8) Enter(top.Descriptor, itself, null);
    }

    /// <summary>Entries so far.</summary>
    public long Entries { get; private set; }

    /// <summary>How many folders lie between the top and the current entry, and the top itself: 1 for what lies in the top.</summary>
    public int Depth => _open.Count;

    /// <summary>Why the walk ended before all was seen; null when it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>What stands at the current entry.</summary>
    public ref readonly Statx Found => ref _found;

    /// <summary>The current entry's own name, as the file system has it.</summary>
    public ReadOnlySpan<byte> Name => new(_name, _nameLength);

    /// <summary>Whether the current entry's path is text (UTF-8). Others cannot be named in a record.</summary>
    public bool IsText => _open.Peek().IsText && Utf8.IsValid(Name);

    /// <summary>The current entry's path below the top, with <c>/</c>; what is no UTF-8 in it is replaced.</summary>
    public string Path =>
        _open.Peek() is { Path.Length: > 0 } level ? $"{level.Path}/{Encoding.UTF8.GetString(Name)}" : Encoding.UTF8.GetString(Name);

    /// <summary>The same, to be looked at before the walk goes on: no text is made of it.</summary>
    public ReadOnlySpan<char> PathChars
    {
        get
        {
            var level = _open.Peek();
            var start = level.Path.Length == 0 ? 0 : level.Path.Length + 1;
            if (_path.Length < start + _nameLength) (_path, _prefixOf) = (new char[(start + _nameLength) * 2], null);
            if (_prefixOf != level)
            {
                level.Path.CopyTo(_path);
                if (start > 0) _path[start - 1] = '/';
                _prefixOf = level;
            }

            return _path.AsSpan(0, start + Encoding.UTF8.GetChars(Name, _path.AsSpan(start)));
        }
    }

    /// <summary>Goes to the next entry. False at the end, and when <see cref="Problem"/> says why there is none.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public bool Next()
    {
        while (Problem is null && _open.TryPeek(out var level))
        {
            if (_at < _length)
            {
                if (Take(level)) return Problem is null;
            }
            else if (!level.IsRead)
            {
                Fill(level);
            }
            else if (level.Folders.TryPop(out var name))
            {
                fixed (byte* folder = name) Enter(level.Descriptor, folder, level);
            }
            else
            {
                _ = Libc.Close(_open.Pop().Descriptor);
            }
        }

        return false;
    }

    /// <summary>Leaves out what lies in the current entry.</summary>
    public void Skip()
    {
        _entered?.Folders.Pop();
        _entered = null;
    }

    public void Dispose()
    {
        while (_open.TryPop(out var left)) _ = Libc.Close(left.Descriptor);
        NativeMemory.Free(_buffer);
        _buffer = null;
    }

    /// <summary>Reads on in the folder whose entries are being taken.</summary>
    private void Fill(Level level)
    {
        (_at, _length) = (0, (int)Libc.GetDents(level.Descriptor, _buffer, DirectoryBlock.Bytes));
        if (_length > 0) return;
        level.IsRead = true;

        // One that was removed meanwhile has no more entries.
        if (_length < 0 && Marshal.GetLastPInvokeError() != Libc.ENOENT) Problem = $"a folder cannot be read: {Libc.LastError()}";
        _length = 0;
    }

    private bool Take(Level level)
    {
        _name = DirectoryBlock.Name(_buffer + _at);
        _nameLength = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(_name).Length;
        _at += DirectoryBlock.Length(_buffer + _at);
        _entered = null;
        if (DirectoryBlock.IsDots(_name) || !IsWithin()) return false;
        fixed (Statx* found = &_found)
        {
            if (Libc.StatXRaw(level.Descriptor, _name, Libc.AT_SYMLINK_NOFOLLOW, Statx.Basic, found) != 0)
            {
                if (Marshal.GetLastPInvokeError() != Libc.ENOENT) Problem = $"an entry cannot be looked at: {Libc.LastError()}";
                return false;
            }
        }

        if (_found.Kind != FileKind.Folder) return true;
        level.Folders.Push([.. Name, 0]);
        _entered = level;
        return true;
    }

    private bool IsWithin()
    {
        if (++Entries > _bounds.Entries) Problem = $"it holds more than {_bounds.Entries} files and folders";
        if (Entries % StepsAtOnce != 0) return Problem is null;
        _cancel.ThrowIfCancellationRequested();
        if (Environment.TickCount64 - _began > _bounds.Time.TotalMilliseconds)
        {
            Problem = $"to walk through it takes longer than {_bounds.Time.TotalSeconds:0} s";
        }

        return Problem is null;
    }

    private void Enter(int parent, byte* name, Level? above)
    {
        if (_open.Count == _bounds.Depth)
        {
            Problem = $"its folders are nested deeper than {_bounds.Depth}";
            return;
        }

        var descriptor = Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (descriptor >= 0) _open.Push(new Level(descriptor, name, above, _under));
        else if (Marshal.GetLastPInvokeError() is not (Libc.ENOENT or Libc.ENOTDIR or Libc.ELOOP)) Problem = $"a folder cannot be opened: {Libc.LastError()}";
    }

    /// <summary>An open folder, and the folders in it that are still to be walked, each name with its NUL.</summary>
    private sealed class Level(int descriptor, byte* name, Level? above, string under)
    {
        private readonly byte[] _name = above is null ? [] : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name).ToArray();

        public int Descriptor => descriptor;

        public Stack<byte[]> Folders { get; } = new();

        public bool IsRead { get; set; }

        public bool IsText { get; } = above is null || (above.IsText && Utf8.IsValid(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)));

        public string Path => field ??= above switch
        {
            null => under,
            { Path.Length: 0 } => Encoding.UTF8.GetString(_name),
            _ => $"{above.Path}/{Encoding.UTF8.GetString(_name)}",
        };
    }
}
