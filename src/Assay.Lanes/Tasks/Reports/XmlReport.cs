using System.Xml;

namespace Assay.Lanes.Tasks;

/// <summary>
/// Reads XML that untrusted work wrote, an element at a time: no document type, so no entities, nothing from elsewhere, and no deeper than
/// any report is.
/// </summary>
internal sealed class XmlReport : IDisposable
{
    private const int MaxDepth = 64;
    private const int MaxChars = 64 << 20;

    private readonly XmlReader _reader;

    private XmlReport(ReadOnlyMemory<byte> bytes) => _reader = XmlReader.Create(
        new MemoryStream(bytes.ToArray()),
        new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxChars, IgnoreComments = true });

    /// <summary>The name of the current element, whatever its namespace.</summary>
    public string Name => _reader.LocalName;

    /// <summary>How many elements the current one lies in.</summary>
    public int Depth => _reader.Depth;

    /// <summary>Whether what is read is the end of an element; one that is empty has none.</summary>
    public bool IsEnd => _reader.NodeType == XmlNodeType.EndElement;

    /// <summary>Whether the current element has no end of its own.</summary>
    public bool IsEmpty => _reader.IsEmptyElement;

    /// <summary>Text that was read; null for the beginning or end of an element.</summary>
    public string? Text =>
        _reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace ? _reader.Value : null;

    /// <summary>An attribute of the current element, by its name without a namespace.</summary>
    public string? this[string attribute] => _reader.GetAttribute(attribute);

    /// <summary>Reads a whole report.</summary>
    /// <param name="bytes">The document.</param>
    /// <param name="roots">The names that its root may have.</param>
    /// <param name="take">Is given each beginning and end of an element, and each text.</param>
    /// <exception cref="ReportException">It is no XML, declares a document type, is too deep, or has another root.</exception>
    public static void Read(ReadOnlyMemory<byte> bytes, string[] roots, Action<XmlReport> take)
    {
        try
        {
            using var report = new XmlReport(bytes);
            report.Read(roots, take);
        }
        catch (XmlException e)
        {
            throw new ReportException(e.Message);
        }
    }

    public void Dispose() => _reader.Dispose();

    private void Read(string[] roots, Action<XmlReport> take)
    {
        while (_reader.Read())
        {
            if (_reader.Depth > MaxDepth) throw new ReportException($"it is nested deeper than {MaxDepth} levels");
            if (_reader is { NodeType: XmlNodeType.Element, Depth: 0 } && !roots.Contains(Name))
            {
                throw new ReportException($"its root is {Name}, not {string.Join(" or ", roots)}");
            }

            if (Text is not null || _reader.NodeType is XmlNodeType.Element or XmlNodeType.EndElement) take(this);
        }
    }
}
