namespace Assay.Checks;

/// <summary>
/// A language that another program reads for a check. Only programs of the system count: the check is caged, and reads no home.
/// </summary>
/// <param name="Name">As people call it.</param>
/// <param name="Program">Its program.</param>
/// <param name="IsForLint">Whether lint reads it too.</param>
/// <param name="Extensions">Of its files.</param>
internal sealed record CheckedLanguage(string Name, string Program, bool IsForLint, params string[] Extensions)
{
    public static readonly CheckedLanguage Python = new("Python", "python3", true, ".py", ".pyi");
    public static readonly CheckedLanguage JavaScript = new("JavaScript", "node", false, ".js", ".mjs", ".cjs");
    public static readonly CheckedLanguage Shell = new("shell", "sh", true, ".sh");
    public static readonly CheckedLanguage Bash = new("bash", "bash", true, ".bash");

    private static readonly CheckedLanguage[] All = [Python, JavaScript, Shell, Bash];

    private static readonly string[] Folders = ["/usr/local/bin", "/usr/bin", "/bin"];

    /// <summary>The program's place; null: the system does not have it.</summary>
    public string? Found => Folders.Select(f => Path.Combine(f, Program)).FirstOrDefault(File.Exists);

    /// <summary>What is said where the system does not have the program.</summary>
    public string Missing => $"{Program}, which reads {Name}, is not in {string.Join(", ", Folders)}";

    /// <summary>The language of a file by its name; null: none of these.</summary>
    public static CheckedLanguage? Of(string path)
    {
        var extension = Path.GetExtension(path);
        return Array.Find(All, l => l.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The language of a file by its name and, where that does not say, by the program that its first line names.</summary>
    public static CheckedLanguage? Of(string path, ReadOnlySpan<byte> content)
    {
        var byName = Of(path);
        if ((byName is not null && byName != Shell) || !content.StartsWith("#!"u8)) return byName;
        var end = content.IndexOf((byte)'\n');
        var words = System.Text.Encoding.Latin1.GetString(end < 0 ? content[..Math.Min(content.Length, 200)] : content[..end]).Split(' ', '/');
        if (words.Contains("bash", StringComparer.Ordinal)) return Bash;
        if (words.Contains("sh", StringComparer.Ordinal) || words.Contains("dash", StringComparer.Ordinal)) return Shell;
        if (words.Contains("node", StringComparer.Ordinal)) return JavaScript;
        return Array.Exists(words, w => w.StartsWith("python", StringComparison.Ordinal)) ? Python : byName;
    }
}
