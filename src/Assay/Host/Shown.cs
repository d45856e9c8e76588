using System.Globalization;
using Assay.Lanes.Tasks;

namespace Assay.Host;

/// <summary>
/// How times, durations and sizes are written for people, on a terminal and on pages. In documents they are what the contracts say: UTC,
/// milliseconds, bytes; money is written by <see cref="Kernel.Values.Usd"/>.
/// </summary>
internal static class Shown
{
    /// <summary>How wide a time is.</summary>
    public const int TimeWidth = 25;

    /// <summary>Local time with its offset: <c>2026-11-27 12:34:26+01:00</c>.</summary>
    public static string Time(DateTimeOffset at, TimeZoneInfo? zone = null) =>
        TimeZoneInfo.ConvertTime(at, zone ?? TimeZoneInfo.Local).ToString("yyyy-MM-dd HH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>The same of a time as rows and documents have it; empty for none.</summary>
    public static string Time(string? recorded) =>
        recorded is null ? "" : Time(DateTimeOffset.Parse(recorded, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));

    public static string Duration(long ms) => Duration(TimeSpan.FromMilliseconds(ms));

    /// <summary>In the two largest units that say something.</summary>
    public static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        < 3600 => $"{(int)time.TotalMinutes} min {time.Seconds} s",
        < 86400 => $"{(int)time.TotalHours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} d {time.Hours} h",
    };

    /// <summary>How long a task was worked on, and what it waited beside that; null when neither is known.</summary>
    public static string? Work(TimeSpan? took, TimeSpan waited) => (took, waited.Ticks) switch
    {
        (null, 0) => null,
        (null, _) => $"waited {Duration(waited)} so far",
        ({ } work, 0) => $"{Duration(work)} of work",
        ({ } work, _) => $"{Duration(work)} of work, and waited {Duration(waited)} beside that",
    };

    /// <summary>Which task keeps one from starting, and since when a person is waited for; null: none does.</summary>
    public static string? WaitsFor(TaskSummary task)
    {
        if (task.HeldBy is not { } holder) return task.Awaits.IsEmpty ? null : $"waits for {string.Join(", ", task.Awaits)}";
        var person = holder.PersonSince is { } since ? $", waiting for a person since {Time(since)}" : "";
        return $"waits for {holder.TaskId}, which holds {string.Join(" ", holder.Writes)}{person}";
    }

    /// <summary>How many of something, in the singular where it is one.</summary>
    public static string Count(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");

    /// <summary>In units of 1024.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.0} GiB"),
    };
}
