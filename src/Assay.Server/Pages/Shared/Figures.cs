using System.Globalization;

namespace Assay.Server.Pages.Shared;

/// <summary>States and figures as a page's reader has them.</summary>
internal static class Figures
{
    /// <summary>A word of a state as a sentence has it.</summary>
    public static string Words(string state) => state.ToLowerInvariant().Replace('_', ' ');

    public static string Number(decimal? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "";
}
