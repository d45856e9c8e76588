using System.Globalization;

namespace Assay.Server.Pages.Shared;

/// <summary>Times and durations as a person reads them.</summary>
internal static class Times
{
    /// <summary>A word of a state as a sentence has it.</summary>
    public static string Words(string state) => state.ToLowerInvariant().Replace('_', ' ');

    public static string Minute(string time) => time[..16].Replace('T', ' ');

    /// <summary>The same to the second, of a time as the record has it.</summary>
    public static string Second(string time) => time[..19].Replace('T', ' ');

    public static string Second(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        < 3600 => $"{(int)time.TotalMinutes} min {time.Seconds} s",
        < 86400 => $"{(int)time.TotalHours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} d {time.Hours} h",
    };

    public static string Number(decimal? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "";
}
