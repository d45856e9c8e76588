using System.Security.Cryptography;
using System.Text;
using Assay.Kernel.Trees;

namespace Assay.Engine.Performers.Trees;

/// <summary>The diff of one file as git words it (git-diff(1), "Generating patch text with -p").</summary>
internal static class FileDiff
{
    /// <summary>So far git looks for a byte 0, which no text has.</summary>
    private const int LookedAt = 8000;

    private const string Nothing = "/dev/null";
    private const string NoContent = "0000000000000000000000000000000000000000";

    /// <summary>Writes it.</summary>
    /// <param name="change">The change with its contents.</param>
    /// <param name="made">Its hunks, where they are made already; null: they are made here.</param>
    /// <param name="output">Receives it, a character for each byte.</param>
    /// <returns>How many lines are added and removed.</returns>
    public static (long Added, long Removed) Write(ChangedContent change, Hunks? made, StringBuilder output)
    {
        var (file, before, after) = change;
        var (was, now) = (Diffable(file.Before), Diffable(file.After));
        if (was is not null && now is not null && was.Kind != now.Kind)
        {
            // What becomes another kind of thing goes, and comes anew.
            var gone = Write(new ChangedContent(file with { After = null }, before, null), null, output);
            var come = Write(new ChangedContent(file with { Before = null }, null, after), null, output);
            return (gone.Added + come.Added, gone.Removed + come.Removed);
        }

        if (was is null && now is null) return default;
        var (oldPath, newPath) = (file.From ?? file.Path, file.Path);
        output.Append("diff --git ").Append(Quoted($"a/{oldPath}")).Append(' ').Append(Quoted($"b/{newPath}")).Append('\n');
        if (was is null) output.Append("new file mode ").Append(Mode(now!)).Append('\n');
        else if (now is null) output.Append("deleted file mode ").Append(Mode(was)).Append('\n');
        else if (was.Mode != now.Mode) WriteModes(was, now, output);
        if (file.From is not null) WriteRename(oldPath, newPath, output);
        if (was?.Sha256 == now?.Sha256) return default;
        output.Append("index ").Append(Id(before)).Append("..").Append(Id(after));
        if (was is not null && now is not null && Mode(was) == Mode(now)) output.Append(' ').Append(Mode(now));
        output.Append('\n');
        var (oldName, newName) = (was is null ? Nothing : $"a/{oldPath}", now is null ? Nothing : $"b/{newPath}");
        return WriteContent(oldName, newName, change, made, output);
    }

    private static (long Added, long Removed) WriteContent(
        string oldName, string newName, ChangedContent change, Hunks? made, StringBuilder output)
    {
        var (before, after) = (change.Before ?? [], change.After ?? []);
        if (!IsText(before) || !IsText(after))
        {
            output.Append("Binary files ").Append(Quoted(oldName)).Append(" and ").Append(Quoted(newName)).Append(" differ\n");
            return default;
        }

        if (before.Length == 0 && after.Length == 0) return default;
        output.Append("--- ").Append(Named(oldName)).Append("\n+++ ").Append(Named(newName)).Append('\n');
        var hunks = made ?? LineHunks.Of(before, after);
        output.Append(hunks.Text);
        return (hunks.Added, hunks.Removed);
    }

    /// <summary>Whether the lines of a change are compared: it is of texts, of one kind of thing, and changes the content.</summary>
    public static bool IsCompared(ChangedContent change)
    {
        var (was, now) = (Diffable(change.File.Before), Diffable(change.File.After));
        if (was?.Sha256 == now?.Sha256 || (was is not null && now is not null && was.Kind != now.Kind)) return false;
        return IsText(change.Before ?? []) && IsText(change.After ?? []);
    }

    /// <summary>Whether git takes a content for a text.</summary>
    private static bool IsText(byte[] content) => !content.AsSpan(0, Math.Min(LookedAt, content.Length)).Contains((byte)0);

    private static FileVersion? Diffable(FileVersion? version) => version is { Kind: EntryKind.File or EntryKind.Link } ? version : null;

    /// <summary>git knows two modes of files; where both are the same for it, it is told which they are.</summary>
    private static void WriteModes(FileVersion was, FileVersion now, StringBuilder output)
    {
        Func<FileVersion, string> word = Mode(was) == Mode(now) ? Exactly : Mode;
        output.Append("old mode ").Append(word(was)).Append("\nnew mode ").Append(word(now)).Append('\n');
    }

    private static void WriteRename(string oldPath, string newPath, StringBuilder output) => output
        .Append("similarity index 100%\nrename from ").Append(Quoted(oldPath)).Append("\nrename to ").Append(Quoted(newPath)).Append('\n');

    private static string Mode(FileVersion version)
    {
        const int runsForOwner = 0x40;
        return version.Kind == EntryKind.Link ? "120000" : (version.Mode & runsForOwner) != 0 ? "100755" : "100644";
    }

    private static string Exactly(FileVersion version) => $"100{Convert.ToString(version.Mode, 8).PadLeft(3, '0')}";

    /// <summary>The name that git gives a content.</summary>
    private static string Id(byte[]? content)
    {
        if (content is null) return NoContent;
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        sha1.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        sha1.AppendData(content);
        return Convert.ToHexStringLower(sha1.GetHashAndReset());
    }

    /// <summary>A name in a line of its own, behind which a blank in it is told from what other programs put there.</summary>
    private static string Named(string path) => path.Contains(' ') ? $"{Quoted(path)}\t" : Quoted(path);

    /// <summary>A path in quotation marks where it holds what could end it, or is no ASCII (git-config(1), core.quotePath).</summary>
    private static string Quoted(string path)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        if (!Array.Exists(bytes, b => b is < 0x20 or > 0x7E or (byte)'"' or (byte)'\\')) return path;
        var quoted = new StringBuilder("\"");
        foreach (var b in bytes)
        {
            var letter = "\a\b\t\n\v\f\r\"\\".IndexOf((char)b, StringComparison.Ordinal);
            if (letter >= 0) quoted.Append('\\').Append("abtnvfr\"\\"[letter]);
            else if (b is < 0x20 or > 0x7E) quoted.Append('\\').Append(Convert.ToString(b, 8).PadLeft(3, '0'));
            else quoted.Append((char)b);
        }

        return quoted.Append('"').ToString();
    }
}
