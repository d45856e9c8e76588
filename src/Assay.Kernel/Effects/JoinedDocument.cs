using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Effects;

/// <summary>
/// A document that is made of others of the ledger when it is needed: they stand in their order, with commas between them.
/// </summary>
/// <param name="Name">Its name below the run root of a process, or the text in whose place it comes in the body of a request.</param>
/// <param name="Open">What stands before the first.</param>
/// <param name="Parts">The others.</param>
/// <param name="Close">What stands behind the last.</param>
public sealed record JoinedDocument(string Name, string Open, ImmutableArray<Digest> Parts, string Close)
{
    /// <summary>The whole; null when the ledger does not hold one of the parts.</summary>
    /// <param name="find">The bytes of a part; null: it is not there.</param>
    public byte[]? Bytes(Func<Digest, byte[]?> find)
    {
        var whole = new MemoryStream();
        whole.Write(Encoding.UTF8.GetBytes(Open));
        for (var i = 0; i < Parts.Length; i++)
        {
            if (find(Parts[i]) is not { } part) return null;
            if (i > 0) whole.WriteByte((byte)',');
            whole.Write(part);
        }

        whole.Write(Encoding.UTF8.GetBytes(Close));
        return whole.ToArray();
    }
}
