namespace Assay.Engine.Processes;

/// <summary>
/// The space that belongs to the engine: what it needs to record how runs ended. No run goes on below it, whoever used the rest.
/// </summary>
internal static class FreeSpace
{
    private const long Floor = 64L << 20;

    /// <summary>On a small file system the floor is this part of it.</summary>
    private const long Part = 32;

    /// <summary>Whether the file system of a folder has more free than the floor. One that does not say counts as having it: writing will tell.</summary>
    public static bool Suffices(string folder)
    {
        try
        {
            var drive = new DriveInfo(folder);
            return drive.AvailableFreeSpace > Math.Min(Floor, drive.TotalSize / Part);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
