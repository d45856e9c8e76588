using System.Xml;
using System.Xml.Linq;

namespace Assay.Lanes.Tasks.Reports;

/// <summary>Reads XML that untrusted work wrote: no document type, so no entities, and nothing from elsewhere.</summary>
internal static class XmlReport
{
    /// <exception cref="ReportException">It is no XML, or declares a document type.</exception>
    public static XElement Read(ReadOnlyMemory<byte> bytes)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 64 << 20 };
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(bytes.ToArray()), settings);
            return XDocument.Load(reader).Root!;
        }
        catch (XmlException e)
        {
            throw new ReportException(e.Message);
        }
    }

    /// <summary>Elements of a name at any depth, whatever their namespace.</summary>
    public static IEnumerable<XElement> All(this XElement root, string name) => root.DescendantsAndSelf().Where(e => e.Name.LocalName == name);

    public static XElement? Child(this XElement parent, string name) => parent.Elements().FirstOrDefault(e => e.Name.LocalName == name);
}
