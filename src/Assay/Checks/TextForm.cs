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

    /// <summary>The mark of UTF-32 begins as that of UTF-16 does, so it is looked for first.</summary>
    private static readonly Encoding[] Wide = [Encoding.UTF32, new UTF32Encoding(true, true), Encoding.Unicode, Encoding.BigEndianUnicode];

    private const int BeginningBytes = 8 << 10;

    /// <summary>Whether it is a text in any encoding, so that something can be said of it.</summary>
    public static bool IsText(ReadOnlySpan<byte> content) => WideOf(content) is not null || !content.Contains((byte)0);

    /// <summary>Whether a file that is too large to be read begins as a text does.</summary>
    public static bool BeginsAsText(OpenedFile file)
    {
        Span<byte> beginning = stackalloc byte[BeginningBytes];
        return IsText(beginning[..RandomAccess.Read(file.Handle!, beginning, 0)]);
    }

    /// <summary>UTF-16 or UTF-32, where it says that it is that; null: it is neither, or does not say so.</summary>
    private static Encoding? WideOf(ReadOnlySpan<byte> content)
    {
        foreach (var encoding in Wide)
        {
            if (content.StartsWith(encoding.Preamble)) return encoding;
        }

        return null;
    }

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
        content = AsUtf8(content);
        var conflict = new ConflictMarks();
        for (var line = 1; !content.IsEmpty; line++)
        {
            var end = content.IndexOfAny((byte)'\r', (byte)'\n');
            if (conflict.Take(end < 0 ? content : content[..end], line) is { } begins)
            {
                return $"line {begins}: a conflict of a merge is not resolved";
            }

            if (end >= 0 && content[end..].StartsWith("\r\n"u8)) end++;
            content = end < 0 ? [] : content[(end + 1)..];
        }

        return null;
    }

    /// <summary>A text that says in which encoding it is, in the one that is looked at.</summary>
    private static ReadOnlySpan<byte> AsUtf8(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith(Mark)) return content[Mark.Length..];
        if (WideOf(content) is not { } encoding) return content;
        return Encoding.UTF8.GetBytes(encoding.GetString(content[encoding.Preamble.Length..]));
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
