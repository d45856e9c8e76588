using System.Text;
using System.Xml;
using Assay.Kernel.Json;
using Assay.Native;

namespace Assay.Checks;

/// <summary>
/// What lint says of a text without another program: its form, and what a merge left in it. Every parser here is bounded.
/// </summary>
internal static class TextForm
{
    private const int MaxXmlChars = 64 << 20;

    /// <summary>With which a text may say that it is UTF-8.</summary>
    private static ReadOnlySpan<byte> Mark => "\uFEFF"u8;

    private static readonly string[] Xml = [".xml", ".xsd", ".xsl", ".xslt", ".svg", ".csproj", ".props", ".targets", ".resx"];

    private const int BeginningBytes = 8 << 10;

    /// <summary>Whether it is a text in any encoding, so that something can be said of it.</summary>
    public static bool IsText(ReadOnlySpan<byte> content) => IsWide(content) || !content.Contains((byte)0);

    /// <summary>Whether a file that is too large to be read begins as a text does.</summary>
    public static bool BeginsAsText(OpenedFile file)
    {
        Span<byte> beginning = stackalloc byte[BeginningBytes];
        return IsText(beginning[..RandomAccess.Read(file.Handle!, beginning, 0)]);
    }

    /// <summary>Whether it says that it is UTF-16.</summary>
    private static bool IsWide(ReadOnlySpan<byte> content) => content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];

    /// <summary>What is wrong with the form that a file's name promises; null: nothing, or it promises none.</summary>
    public static string? Problem(string path, ReadOnlyMemory<byte> content)
    {
        var bare = content.Span.StartsWith(Mark) ? content[Mark.Length..] : content;
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
        if (IsWide(content)) content = Encoding.UTF8.GetBytes((content[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(content));
        if (content.StartsWith(Mark)) content = content[Mark.Length..];
        for (var line = 1; !content.IsEmpty; line++)
        {
            if (content.StartsWith("<<<<<<< "u8) || content.StartsWith(">>>>>>> "u8) || content.StartsWith("||||||| "u8))
            {
                return $"line {line}: a conflict of a merge is not resolved";
            }

            var end = content.IndexOfAny((byte)'\r', (byte)'\n');
            if (end >= 0 && content[end..].StartsWith("\r\n"u8)) end++;
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
