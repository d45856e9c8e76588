using System.Runtime.InteropServices;

namespace Assay.Ledger.Sqlite;

/// <summary>The files of a ledger as they lie there, to tell whether anybody has touched them.</summary>
internal readonly partial record struct LedgerFiles(DateTime ChangedAt, long SizeBytes, DateTime LogChangedAt, long LogBytes, bool CanBeShared)
{
    private const int ReadAndWrite = 6;

    /// <summary>Whether no write-ahead log is there, so that the database file is all there is.</summary>
    public bool HasNoLog => LogBytes <= 0;

    public static LedgerFiles At(string path)
    {
        var (database, log) = (new FileInfo(path), new FileInfo(path + "-wal"));
        if (!database.Exists) throw new LedgerException($"{path} is not there any more");

        // Its index is shared memory between all who have it open: each has to be able to write there.
        var canBeShared = log.Exists && Access(path + "-shm", ReadAndWrite) == 0;
        return new LedgerFiles(database.LastWriteTimeUtc, database.Length, log.Exists ? log.LastWriteTimeUtc : default, log.Exists ? log.Length : -1, canBeShared);
    }

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
