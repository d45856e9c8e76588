using System.Globalization;

namespace Assay.Engine.Native;

/// <summary>What the kernel lets this process do beyond its user (capabilities(7)).</summary>
internal static class Capabilities
{
    private const int SysAdmin = 21;

    private static readonly ulong Effective = Read();

    /// <summary>Whether this process may mount.</summary>
    public static bool HasSysAdmin => (Effective & (1UL << SysAdmin)) != 0;

    private static ulong Read()
    {
        const string name = "CapEff:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : ulong.Parse(line.AsSpan(name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
