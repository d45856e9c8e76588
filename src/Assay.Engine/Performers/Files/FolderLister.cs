using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Files;

/// <summary>Lists the files that untrusted work left in a folder, each with its digest. Links are listed with their problem, not followed.</summary>
internal static class FolderLister
{
    /// <summary>Names relative to <paramref name="folder"/>, in ordinal order; and why the list is not whole, or null.</summary>
    public static (ImmutableArray<CollectedFile> Files, string? Problem) List(string folder, FolderListing listing, CancellationToken cancel)
    {
        try
        {
            using var top = FolderHandle.Find(folder);
            if (top is null) return ([], "the folder is not there any more");
            var found = FolderFiles.In(top, listing.MaxFiles, listing.MaxNameChars, cancel);
            if (found.Problem is { } problem) return ([], problem);
            if (found.SizeBytes > listing.MaxBytes) return ([], $"its files hold more than {listing.MaxBytes} bytes");
            return ([.. found.Names.Select(n => EvidenceReader.Read(top, new CollectedName(n, listing.MaxBytes, Content: false), cancel).File)], null);
        }
        catch (IOException e)
        {
            return ([], e.Message);
        }
    }
}
