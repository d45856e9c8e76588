using Assay.Native;

namespace Assay.Engine.Performers.Files;

/// <summary>What lies in a folder that untrusted work could write, at any depth, but for folders.</summary>
/// <param name="Names">Paths below the folder, in ordinal order.</param>
/// <param name="SizeBytes">What they say of their sizes together.</param>
/// <param name="Problem">Why the list is not whole; null when it is.</param>
internal sealed record FolderFiles(IReadOnlyList<string> Names, long SizeBytes, string? Problem)
{
    /// <summary>Looks through a folder until a bound is passed.</summary>
    /// <param name="top">The folder.</param>
    /// <param name="maxFiles">The most files.</param>
    /// <param name="maxNameChars">The most characters of their names together.</param>
    /// <param name="cancel">Ends it, which is the list's problem.</param>
    public static FolderFiles In(FolderHandle top, int maxFiles, int maxNameChars, CancellationToken cancel)
    {
        var names = new List<string>();
        var (chars, size) = (0L, 0L);
        FolderFiles Ended(string? problem)
        {
            names.Sort(StringComparer.Ordinal);
            return new FolderFiles(names, size, problem);
        }

        try
        {
            using var walk = new FolderWalk(top, WalkBounds.OfRun, cancel);
            while (walk.Next())
            {
                if (walk.Found.Kind == FileKind.Folder) continue;
                if (names.Count == maxFiles) return Ended($"it holds more than {maxFiles} files");
                var name = walk.Path;
                if (!walk.IsText) return Ended($"the name of {name} is no UTF-8");
                if ((chars += name.Length) > maxNameChars)
                {
                    return Ended($"the names of its files have more than {maxNameChars} characters together");
                }

                names.Add(name);
                if (walk.Found.Kind == FileKind.File) size = Math.Min(long.MaxValue - (long)walk.Found.Size, size) + (long)walk.Found.Size;
            }

            return Ended(walk.Problem);
        }
        catch (OperationCanceledException)
        {
            return Ended("it was not seen to its end in time");
        }
    }
}
