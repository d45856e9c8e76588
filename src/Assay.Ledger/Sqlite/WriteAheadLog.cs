using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// The file beside the database that takes what is committed. What is in it decides when it is moved on, whoever wrote that: many short
/// commands add up like one long one. The file is used again from its beginning then, which is what makes a commit cheap: one that grows
/// costs each sync the file system's own journal. Only where a reader has let it grow far beyond is it cut.
/// </summary>
internal sealed unsafe partial class WriteAheadLog : IDisposable
{
    /// <summary>With this many pages in it, 16 MiB, it is moved on.</summary>
    private const int DuePages = 4096;

    /// <summary>How many come in between two attempts that a reader prevented.</summary>
    private const int PatiencePages = 256;

    /// <summary>A file of this size is cut.</summary>
    private const long TooLargeBytes = 40L << 20;

    private readonly FileInfo _file;

    /// <summary>
    /// The pages in it after the last commit, as SQLite tells (sqlite3_wal_hook). It is not looked for in the files: closing one of them
    /// would drop the locks that SQLite holds on it in this process.
    /// </summary>
    private readonly int* _pages = (int*)NativeMemory.AllocZeroed(sizeof(int));
    private int _triedAt;

    /// <param name="connection">The connection that writes.</param>
    /// <param name="path">The database file.</param>
    public WriteAheadLog(sqlite3 connection, string path)
    {
        _file = new FileInfo(path + "-wal");
        Hook(connection.DangerousGetHandle(), &Note, _pages);
    }

    /// <summary>What is to be done now. To be asked after each commit.</summary>
    public CheckpointKind Due()
    {
        var pages = *_pages;
        if (pages < _triedAt) _triedAt = 0;
        if (pages <= DuePages || (_triedAt > 0 && pages < _triedAt + PatiencePages)) return CheckpointKind.None;
        _triedAt = pages;
        _file.Refresh();
        return _file.Exists && _file.Length > TooLargeBytes ? CheckpointKind.Empty : CheckpointKind.Move;
    }

    /// <summary>To be called when the connection commits nothing any more.</summary>
    public void Dispose() => NativeMemory.Free(_pages);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Note(void* pages, IntPtr connection, byte* database, int count)
    {
        *(int*)pages = count;
        return raw.SQLITE_OK;
    }

    [LibraryImport(NativeSqlite.Library, EntryPoint = "sqlite3_wal_hook")]
    private static partial void* Hook(IntPtr connection, delegate* unmanaged[Cdecl]<void*, IntPtr, byte*, int, int> hook, void* argument);
}

/// <summary>How far the write-ahead log is brought into the database file.</summary>
internal enum CheckpointKind
{
    None,

    /// <summary>As far as no reader is in the way.</summary>
    Move,

    /// <summary>Wholly, and the file is cut to nothing; while a reader is in the way, as far as that goes.</summary>
    Empty,
}
