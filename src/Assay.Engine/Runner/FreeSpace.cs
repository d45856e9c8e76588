using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>
/// The space and the inodes that belong to the engine: what it needs to record how runs ended. No run goes on below that, whoever used the
/// rest.
/// </summary>
internal static class FreeSpace
{
    private const long FloorBytes = 64L << 20;
    private const long FloorFiles = 4096;

    /// <summary>On a small file system the floor is this part of it.</summary>
    private const long Part = 32;

    /// <summary>
    /// Whether the file system of a folder has more left than the floor. One that does not say counts as having it: writing will tell.
    /// </summary>
    /// <param name="folder">Any path in it.</param>
    /// <param name="more">Bytes that are to be written besides.</param>
    public static bool Suffices(string folder, long more = 0)
    {
        if (FileSystem.Of(folder) is not { } found) return true;
        var hasBytes = found.FreeBytes - more > Math.Min(FloorBytes, found.TotalBytes / Part);
        return hasBytes && (found.TotalFiles == 0 || found.FreeFiles > Math.Min(FloorFiles, found.TotalFiles / Part));
    }
}
