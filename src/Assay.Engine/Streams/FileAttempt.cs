using Assay.Engine.Performers;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>Writes files that follow from the ledger, as far as that is possible: what they say is durable there.</summary>
internal static class FileAttempt
{
    /// <summary>Writes one; what comes of it is to be told, unless it is null.</summary>
    public static FileNotWritten? Write(
        Workspace workspace, StreamName stream, MirrorFile file, Action<MirrorFile, Func<Digest, byte[]?>> write)
    {
        try
        {
            write(file, workspace.Store.ReadBlob);
            return null;
        }
        catch (Exception e) when (e is not LedgerException)
        {
            return new FileNotWritten(stream, workspace.Mirror.PathOf(file), FailureReason.Of(e));
        }
    }
}
