using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Assay.Ledger.Sqlite;

/// <summary>Prefers the system's SQLite where it is newer than the bundled one.</summary>
internal static class NativeSqlite
{
    /// <summary>The name under which the library is asked for.</summary>
    public const string Library = "e_sqlite3";

    private const string SystemLibrary = "libsqlite3.so.0";
    private const int BundledVersion = 3_035_005;

    /// <summary>Loads the library once for the process.</summary>
    public static void Initialize() => RuntimeHelpers.RunClassConstructor(typeof(Once).TypeHandle);

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library || !NativeLibrary.TryLoad(SystemLibrary, out var system)) return IntPtr.Zero;
        return Version(system) > BundledVersion ? system : IntPtr.Zero;
    }

    private static unsafe int Version(IntPtr library) =>
        NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var function) ? ((delegate* unmanaged<int>)function)() : 0;

    private static class Once
    {
        static Once()
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
            NativeLibrary.SetDllImportResolver(typeof(NativeSqlite).Assembly, Resolve);
            Batteries_V2.Init();
        }
    }
}
