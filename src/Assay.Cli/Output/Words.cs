using System.Globalization;

namespace Assay.Cli.Output;

/// <summary>Values as a person reads them.</summary>
internal static class Words
{
    public static string Duration(long ms) => ms switch
    {
        < 1_000 => $"{ms} ms",
        < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.0} s"),
        _ => $"{ms / 60_000} min {ms / 1000 % 60} s",
    };

    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.0} GiB"),
    };

    /// <summary>The same for text of several lines.</summary>
    public static string SafeLines(string text) => string.Join('\n', text.Split('\n').Select(Safe));

    /// <summary>Text without control characters: what untrusted work says must not steer a terminal.</summary>
    public static string Safe(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '�' : c));
}
