using Assay.Ledger.Sqlite;

namespace Assay.Ledger.Opening;

/// <summary>The stores by their setting, which nobody else names.</summary>
public static class Stores
{
    /// <summary>Opens the ledger at a path, creating it when it is not there.</summary>
    /// <param name="setting">Which store.</param>
    /// <param name="path">The ledger's file, beside which its own files lie.</param>
    /// <param name="time">The clock of a store that goes by this host's; null: the system's.</param>
    /// <exception cref="LedgerException">It cannot be used.</exception>
    public static ValueTask<IEventStore> OpenAsync(StoreSetting setting, string path, TimeProvider? time = null) => setting switch
    {
        _ when setting == StoreSetting.Sqlite => ValueTask.FromResult<IEventStore>(SqliteEventStore.Open(path, new HostClock(time))),
        _ => throw Unknown(setting),
    };

    /// <summary>Opens the ledger at a path to look at it: no lock is taken and nothing is created.</summary>
    /// <exception cref="LedgerException">It cannot be used.</exception>
    public static ValueTask<IEventStore> OpenForReadingAsync(StoreSetting setting, string path) => setting switch
    {
        _ when setting == StoreSetting.Sqlite => ValueTask.FromResult(SqliteEventStore.OpenForReading(path)),
        _ => throw Unknown(setting),
    };

    /// <summary>Opens a private copy of the ledger at a path, which may be written and is gone when it is closed.</summary>
    /// <exception cref="LedgerException">It cannot be copied.</exception>
    public static ValueTask<IEventStore> OpenCopyAsync(StoreSetting setting, string path) => setting switch
    {
        _ when setting == StoreSetting.Sqlite => ValueTask.FromResult<IEventStore>(SqliteEventStore.OpenCopy(path)),
        _ => throw Unknown(setting),
    };

    private static InvalidOperationException Unknown(StoreSetting setting) => new($"unknown store {setting.Name}");
}
