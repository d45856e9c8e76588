namespace Assay.Ledger.Sqlite;

/// <summary>
/// The file beside the database that takes what is committed. Its size decides when it is emptied, whoever wrote what is in it: many short
/// commands add up like one long one. While a reader is in the way it goes on growing, so it is tried again before it has grown much.
/// </summary>
internal sealed class WriteAheadLog(string path)
{
    /// <summary>Beyond this it is emptied.</summary>
    private const long DueBytes = 16L << 20;

    /// <summary>How much it grows between two attempts that a reader prevented.</summary>
    private const long PatienceBytes = 1L << 20;

    private readonly FileInfo _file = new(path + "-wal");
    private long _triedAt;

    /// <summary>Whether now is the time. To be asked after each commit.</summary>
    public bool IsDue()
    {
        _file.Refresh();
        var bytes = _file.Exists ? _file.Length : 0;
        if (bytes < _triedAt) _triedAt = 0;
        if (bytes <= DueBytes || bytes < _triedAt + PatienceBytes) return false;
        _triedAt = bytes;
        return true;
    }
}
