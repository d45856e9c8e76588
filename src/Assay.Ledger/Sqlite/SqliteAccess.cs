namespace Assay.Ledger.Sqlite;

/// <summary>What a connection does with its file.</summary>
internal enum SqliteAccess
{
    /// <summary>Reads and writes; the file is made when it is not there.</summary>
    Write,

    /// <summary>Reads beside those that write.</summary>
    Read,

    /// <summary>Reads a file that nobody has open, taking no lock. Whoever uses it has to see to it that this stays so.</summary>
    ReadStill,
}
