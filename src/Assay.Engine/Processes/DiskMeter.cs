namespace Assay.Engine.Processes;

/// <summary>How much a folder holds. Links are counted, not followed.</summary>
internal static class DiskMeter
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = true,
        ReturnSpecialDirectories = false,
    };

    public static long Bytes(string folder)
    {
        long total = 0;
        try
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", Everything)) total += file.Exists ? file.Length : 0;
        }
        catch (IOException)
        {
            // The folder changes while it is read; the next look sees the rest.
        }

        return total;
    }
}
