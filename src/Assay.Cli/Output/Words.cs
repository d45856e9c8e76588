namespace Assay.Cli.Output;

/// <summary>Values as a person reads them.</summary>
internal static class Words
{
    /// <summary>The same for text of several lines.</summary>
    public static string SafeLines(string text) => string.Join('\n', text.Split('\n').Select(Safe));

    /// <summary>Text without control characters: what untrusted work says must not steer a terminal.</summary>
    public static string Safe(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '�' : c));
}
