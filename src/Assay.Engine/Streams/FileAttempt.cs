using Assay.Engine.Performers;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>How a file is written, with the documents of the ledger.</summary>
internal delegate ValueTask FileWrite(MirrorFile file, Func<Digest, ValueTask<byte[]?>> blob);

/// <summary>Writes files that follow from the ledger, as far as that is possible: what they say is durable there.</summary>
internal static class FileAttempt
{
    /// <summary>Writes one; what comes of it is to be told, unless it is null.</summary>
    public static async ValueTask<FileNotWritten?> WriteAsync(Workspace workspace, StreamName stream, MirrorFile file, FileWrite write)
    {
        try
        {
            await write(file, workspace.Store.ReadBlobAsync);
            return null;
        }
        catch (Exception e) when (e is not LedgerException)
        {
            return new FileNotWritten(stream, workspace.Mirror.PathOf(file), FailureReason.Of(e));
        }
    }
}
