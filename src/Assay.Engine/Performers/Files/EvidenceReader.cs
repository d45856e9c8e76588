using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Files;

/// <summary>
/// Reads what untrusted work left behind: regular files only, never through a link, never more than was agreed, and not for ever.
/// </summary>
internal static class EvidenceReader
{
    /// <summary>The file's size and digest, and its content when asked for.</summary>
    /// <param name="folder">The absolute folder below which it lies, itself no link.</param>
    /// <param name="wanted">Its name below that, and how much of it.</param>
    /// <param name="cancel">Ends the reading, which is then the file's problem.</param>
    public static (CollectedFile File, byte[]? Content) Read(string folder, CollectedName wanted, CancellationToken cancel = default)
    {
        try
        {
            using var top = FolderHandle.Find(folder);
            return top is null ? (CollectedFile.Missing(wanted.Name), null) : Read(top, wanted, cancel);
        }
        catch (IOException e)
        {
            return Refused(wanted, e.Message);
        }
    }

    /// <summary>The same below a folder that a person named, so that it may be a link.</summary>
    public static (CollectedFile File, byte[]? Content) ReadNamed(string root, CollectedName wanted)
    {
        try
        {
            using var top = FolderHandle.OpenNamed(root);
            return Read(top, wanted);
        }
        catch (IOException e)
        {
            return Refused(wanted, e.Message);
        }
    }

    /// <summary>The same below a folder that is open already.</summary>
    public static (CollectedFile File, byte[]? Content) Read(FolderHandle top, CollectedName wanted, CancellationToken cancel = default)
    {
        try
        {
            using var file = top.OpenFile(wanted.Name);
            if (file.IsMissing) return (CollectedFile.Missing(wanted.Name), null);
            if (file.Problem is { } problem) return Refused(wanted, problem);
            var content = wanted.Content ? new MemoryStream() : null;
            if (file.SizeBytes > wanted.MaxBytes || FileHash.Of(file.Handle!, wanted.MaxBytes, content, cancel) is not { } read)
            {
                return Refused(wanted, $"is larger than {wanted.MaxBytes} bytes");
            }

            return (new CollectedFile(wanted.Name, read.SizeBytes, Digest.From(read.Sha256), null), content?.ToArray());
        }
        catch (OperationCanceledException)
        {
            return Refused(wanted, "was not read to its end in time");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(wanted, e.Message);
        }
    }

    private static (CollectedFile, byte[]?) Refused(CollectedName wanted, string problem) =>
        (new CollectedFile(wanted.Name, 0, null, problem), null);
}
