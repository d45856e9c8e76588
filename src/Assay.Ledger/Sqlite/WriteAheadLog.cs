namespace Assay.Ledger.Sqlite;

/// <summary>
/// The file beside the database that takes what is committed. What one process writes is moved on in time, and the file then used again from its beginning, which
/// is what makes a commit cheap: a file that grows costs each sync the file system's own journal. Many short commands, or a reader in the way, let it grow all the
/// same; so its size decides too, whoever wrote what is in it.
/// </summary>
internal sealed class WriteAheadLog(string path)
{
    /// <summary>What one process writes between two checkpoints.</summary>
    private const long DueBytes = 16L << 20;

    /// <summary>Beyond this the file is emptied.</summary>
    private const long TooLargeBytes = 32L << 20;

    /// <summary>How much it grows between two attempts that a reader prevented.</summary>
    private const long PatienceBytes = 1L << 20;

    private readonly FileInfo _file = new(path + "-wal");
    private long _written;
    private long _triedAt;

    /// <summary>Bytes that this process has added.</summary>
    public void Wrote(long bytes) => _written += bytes;

    /// <summary>What is to be done now. To be asked after each commit.</summary>
    public CheckpointKind Due()
    {
        _file.Refresh();
        var bytes = _file.Exists ? _file.Length : 0;
        if (bytes < _triedAt) _triedAt = 0;
        if (bytes > TooLargeBytes && bytes >= _triedAt + PatienceBytes)
        {
            (_triedAt, _written) = (bytes, 0);
            return CheckpointKind.Empty;
        }

        if (_written <= DueBytes) return CheckpointKind.None;
        _written = 0;
        return CheckpointKind.Move;
    }
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
