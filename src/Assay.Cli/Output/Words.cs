using Assay.Kernel.Contracts;

namespace Assay.Cli.Output;

/// <summary>Values as a person reads them.</summary>
internal static class Words
{
    /// <summary>The same for text of several lines.</summary>
    public static string SafeLines(string text) => string.Join('\n', text.Split('\n').Select(Safe));

    /// <summary>Text without what steers a terminal or turns the direction of writing, since untrusted work may have said it.</summary>
    public static string Safe(string text) => string.Concat(text.Select(c => TextRule.Misleads(c) ? '�' : c));
}
