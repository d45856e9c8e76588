namespace Assay.Engine.Trees;

/// <summary>Where the parts of a repository lie that git must be able to read: a linked working tree and borrowed objects point outside of it.</summary>
internal static class RepositoryFiles
{
    private const string Pointer = "gitdir:";

    private static readonly string[] SettingNames = [".gitconfig", ".config/git", ".gitignore", ".gitignore_global", ".gitattributes"];

    /// <summary>The tree, and what it points to.</summary>
    public static IReadOnlyList<string> Of(string tree)
    {
        var folder = Path.Combine(tree, TreeSnapshot.Repository);
        List<string> paths = [tree];
        if (File.Exists(folder))
        {
            var text = File.ReadAllText(folder).Trim();
            if (text.StartsWith(Pointer, StringComparison.Ordinal)) folder = Path.GetFullPath(Path.Combine(tree, text[Pointer.Length..].Trim()));
            paths.Add(folder);
            var common = Path.Combine(folder, "commondir");
            if (File.Exists(common)) paths.Add(folder = Path.GetFullPath(Path.Combine(folder, File.ReadAllText(common).Trim())));
        }

        var alternates = Path.Combine(folder, "objects", "info", "alternates");
        if (File.Exists(alternates)) paths.AddRange(File.ReadLines(alternates).Select(l => Path.GetFullPath(Path.Combine(folder, "objects", l.Trim()))));
        return paths;
    }

    /// <summary>The person's own settings of git, which say what is ignored and which repositories are trusted.</summary>
    public static IReadOnlyList<string> Settings() =>
        Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home ? [.. SettingNames.Select(name => Path.Combine(home, name))] : [];
}
