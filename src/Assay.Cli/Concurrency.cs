using System.CommandLine;

namespace Assay.Cli;

/// <summary>How many at once: one word for it in every command.</summary>
internal static class Concurrency
{
    public const string Name = "--jobs";
    public const string Alias = "-j";

    public static Option<int> Option(string what, int standard, int most) =>
        CheckedOption.Whole([Name, Alias], $"How many {what} at once", standard, least: 1, most);
}
