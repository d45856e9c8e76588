using System.Text.Unicode;
using System.Xml;
using Assay.Kernel.Json;

namespace Assay.Checks;

/// <summary>
/// What lint says of a text without another program: its form, and what a merge left in it. Every parser here is bounded.
/// </summary>
internal static class TextForm
{
    private const int MaxXmlChars = 64 << 20;

    private static readonly string[] Xml = [".xml", ".xsd", ".xsl", ".xslt", ".svg", ".csproj", ".props", ".targets", ".resx"];

    /// <summary>Whether it is a text at all, so that something can be said of it.</summary>
    public static bool IsText(ReadOnlySpan<byte> content) => Utf8.IsValid(content) && !content.Contains((byte)0);

    /// <summary>What is wrong with the form that a file's name promises; null: nothing, or it promises none.</summary>
    public static string? Problem(string path, ReadOnlyMemory<byte> content)
    {
        var bare = content.Span.StartsWith("\uFEFF"u8) ? content[3..] : content;
        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (Xml.Contains(extension, StringComparer.Ordinal)) return XmlProblem(content);
        var problem = extension switch
        {
            ".json" => StrictJson.Parse(bare, path, StrictJson.UntrustedDepth) is { Problems: [var first, ..] } ? first : null,
            ".yaml" or ".yml" => YamlSyntax.Problem(bare, path, StrictJson.UntrustedDepth),
            _ => null,
        };
        return problem is null ? null : $"line {problem.Line ?? 1}, column {problem.Column ?? 1}: {problem.Message}";
    }

    /// <summary>Where a conflict of a merge is left; null: nowhere.</summary>
    public static string? Conflict(ReadOnlySpan<byte> content)
    {
        for (var line = 1; !content.IsEmpty; line++)
        {
            if (content.StartsWith("<<<<<<< "u8) || content.StartsWith(">>>>>>> "u8) || content.StartsWith("||||||| "u8))
            {
                return $"line {line}: a conflict of a merge is not resolved";
            }

            var end = content.IndexOf((byte)'\n');
            content = end < 0 ? [] : content[(end + 1)..];
        }

        return null;
    }

    private static string? XmlProblem(ReadOnlyMemory<byte> content)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, MaxCharactersInDocument = MaxXmlChars };
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(content.ToArray()), settings);
            while (reader.Read())
            {
                if (reader.Depth > StrictJson.UntrustedDepth) return $"it is nested deeper than {StrictJson.UntrustedDepth}";
            }

            return null;
        }
        catch (XmlException e)
        {
            return e.Message;
        }
    }
}
