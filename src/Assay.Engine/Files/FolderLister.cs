using System.Collections.Immutable;
using Assay.Kernel.Effects;

namespace Assay.Engine.Files;

/// <summary>Lists the files that untrusted work left in a folder, each with its digest. Links are listed with their problem, not followed.</summary>
internal static class FolderLister
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    /// <summary>Names relative to <paramref name="folder"/>, in ordinal order; and why the list is not whole, or null.</summary>
    public static (ImmutableArray<CollectedFile> Files, string? Problem) List(string folder, FolderListing listing)
    {
        try
        {
            if (!Directory.Exists(folder) || RootedPath.IsLink(folder)) return ([], "the folder is not there any more");
            var names = Directory.EnumerateFiles(folder, "*", Everything).Take(listing.MaxFiles + 1)
                .Select(path => Path.GetRelativePath(folder, path)).Order(StringComparer.Ordinal).ToList();
            if (names.Count > listing.MaxFiles) return ([], $"it holds more than {listing.MaxFiles} files");
            if (names.Sum(n => n.Length) > listing.MaxNameChars) return ([], $"the names of its files have more than {listing.MaxNameChars} characters together");
            return ([.. names.Select(n => EvidenceReader.Read(folder, new CollectedName(n, long.MaxValue, Content: false)).File)], null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], e.Message);
        }
    }
}
