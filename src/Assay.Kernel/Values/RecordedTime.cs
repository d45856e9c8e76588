using System.Globalization;

namespace Assay.Kernel.Values;

/// <summary>How a time is written in documents, rows and lines.</summary>
public static class RecordedTime
{
    public const string Format = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public static string Text(DateTimeOffset at) => at.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);
}
