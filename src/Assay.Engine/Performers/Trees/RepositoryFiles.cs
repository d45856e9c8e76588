using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Where the parts of a repository lie that git must be able to read: a linked working tree and borrowed objects point outside of it.</summary>
internal static class RepositoryFiles
{
    private const string Pointer = "gitdir:";
    private const long MaxBytes = 64 << 10;

    private static readonly string[] SettingNames = [".gitconfig", ".config/git", ".gitignore", ".gitignore_global", ".gitattributes"];

    /// <summary>The tree, and what it points to.</summary>
    public static IReadOnlyList<string> Of(string tree)
    {
        var folder = Path.Combine(tree, TreeSnapshot.Repository);
        List<string> paths = [tree];
        if (Text(folder) is { } text)
        {
            if (text.StartsWith(Pointer, StringComparison.Ordinal)) folder = Path.GetFullPath(Path.Combine(tree, text[Pointer.Length..].Trim()));
            paths.Add(folder);
            if (Text(Path.Combine(folder, "commondir")) is { } common) paths.Add(folder = Path.GetFullPath(Path.Combine(folder, common)));
        }

        if (Text(Path.Combine(folder, "objects", "info", "alternates")) is { } alternates)
        {
            paths.AddRange(alternates.Split('\n').Select(l => Path.GetFullPath(Path.Combine(folder, "objects", l.Trim()))));
        }

        return paths;
    }

    /// <summary>The top of the repository in which a tree lies: itself, or a folder above it. Null: it lies in none.</summary>
    public static string? TopOf(string tree)
    {
        for (var folder = tree; folder is not (null or "/"); folder = Path.GetDirectoryName(folder))
        {
            if (Path.Exists(Path.Combine(folder, TreeSnapshot.Repository))) return folder;
        }

        return null;
    }

    /// <summary>The person's own settings of git, which say what is ignored and which repositories are trusted.</summary>
    public static IReadOnlyList<string> Settings() =>
        Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home ? [.. SettingNames.Select(name => Path.Combine(home, name))] : [];

    /// <summary>
    /// The text of a file, trimmed; null when there is none. What is no file, or too large for what it should say, says nothing.
    /// </summary>
    private static string? Text(string path)
    {
        using var file = OpenedFile.ToRead(path);
        return file.Handle is null || file.SizeBytes > MaxBytes ? null : file.ReadText(MaxBytes).Trim();
    }
}
