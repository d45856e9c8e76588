using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Trees;
using Assay.Lanes.Tasks;
using Assay.Native;

namespace Assay.Checks;

/// <summary>
/// An acceptance test that is Assay's own, as the caged process of a task: it looks at the files that the task changed, in the copy in
/// which they are tested, and reports each as a case of TAP. What it does not know it does not name.
/// </summary>
public static class ChangeCheck
{
    /// <summary>The most of a file that is looked at.</summary>
    private const long MaxFileBytes = 16 << 20;

    private const long MaxDocumentBytes = 64 << 20;

    /// <summary>Makes the check that the environment describes.</summary>
    /// <param name="report">Is given the report.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Whether nothing is wrong; null when this process was not started for a check.</returns>
    public static async Task<bool?> RunAsync(TextWriter report, CancellationToken cancel)
    {
        if (Document(BuiltInCheck.CheckVariable) is not { } described) return null;
        var check = JsonSerializer.Deserialize(described, TaskJson.Default.BuiltInCheck)!;
        var changes = Document(BuiltInCheck.ChangesVariable) is { } set ? ChangeSet.Read(set) : null;
        using var tree = FolderHandle.OpenNamed(Environment.CurrentDirectory);
        var found = await LookAsync(check, tree, changes?.Files ?? [], cancel);
        await report.WriteLineAsync($"1..{found.Count}");
        foreach (var ((path, problem), i) in found.Select((f, i) => (f, i + 1)))
        {
            await report.WriteLineAsync(problem is null ? $"ok {i} - {Shown(path)}" : $"not ok {i} - {Shown(path)}: {Shown(problem)}");
        }

        if (found.Count == 0) await report.WriteLineAsync($"# {BuiltInCheck.NothingKnown}");
        return found.TrueForAll(f => f.Problem is null);
    }

    private static async Task<List<(string Path, string? Problem)>> LookAsync(
        BuiltInCheck check, FolderHandle tree, ImmutableArray<FileChange> changes, CancellationToken cancel)
    {
        var found = new List<(string Path, string? Problem)>();
        var toRead = new List<(CheckedLanguage Language, string Path)>();
        var before = Environment.GetEnvironmentVariable(BuiltInCheck.BeforeVariable);
        var schemas = new SchemaForm(tree, Document(BuiltInCheck.SchemaVariable), check.Files, new SchemaNames(changes, before));
        foreach (var change in changes)
        {
            cancel.ThrowIfCancellationRequested();
            var path = change.Path;
            if (change.After is not { Kind: EntryKind.File })
            {
                var isMeant = check.Kind == CheckKind.Schema && change.After is { Kind: EntryKind.Link };
                if (isMeant && schemas.Look(change, default).Problem is { } lost) found.Add((path, lost));
                continue;
            }

            using var file = tree.OpenFile(path);
            if (file.Problem is { } unreadable)
            {
                found.Add((path, unreadable));
                continue;
            }

            if (file.SizeBytes > MaxFileBytes)
            {
                var isTold = check.Kind switch
                {
                    CheckKind.Schema => schemas.Means(path),
                    CheckKind.Lint => IsKnown(check.Kind, path) || TextForm.BeginsAsText(file),
                    _ => IsKnown(check.Kind, path),
                };
                if (isTold) found.Add((path, $"is larger than {MaxFileBytes} bytes, which are not looked at"));
                continue;
            }

            var content = file.ReadAll(MaxFileBytes);
            var language = check.Kind == CheckKind.Schema ? null : CheckedLanguage.Of(path, content);
            var (isLookedAt, problem) = check.Kind switch
            {
                CheckKind.Schema => schemas.Look(change, content),
                CheckKind.Lint when TextForm.IsText(content) || IsKnown(check.Kind, path) =>
                    (true, TextForm.Conflict(content) ?? TextForm.Problem(path, content)),
                _ => (false, null),
            };
            var isRead = language is not null && problem is null && (check.Kind == CheckKind.Import || language.IsForLint);
            if (isRead) toRead.Add((language!, path));
            else if (isLookedAt) found.Add((path, problem));
        }

        foreach (var language in toRead.GroupBy(f => f.Language, f => f.Path))
        {
            found.AddRange(await LanguageTools.ReadAsync(language.Key, [.. language], cancel));
        }

        return [.. found.OrderBy(f => f.Path, StringComparer.Ordinal)];
    }

    private static bool IsKnown(CheckKind kind, string path) =>
        kind != CheckKind.Schema
        && (CheckedLanguage.Of(path) is not null || (kind == CheckKind.Lint && Path.GetExtension(path) is ".json" or ".yaml" or ".yml" or ".xml"));

    private static byte[]? Document(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { } path) return null;
        using var file = OpenedFile.ToRead(path);
        return file.Problem is { } problem ? throw new IOException($"{path} {problem}") : file.ReadAll(MaxDocumentBytes);
    }

    /// <summary>A text in one line that no reader takes for a directive.</summary>
    private static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var c in text) shown.Append(char.IsControl(c) ? "\uFFFD" : c == '#' ? "\\#" : c.ToString());
        return shown.ToString();
    }
}
