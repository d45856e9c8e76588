using System.Collections.Immutable;
using Assay.Checks;
using Assay.Inputs;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;
using Assay.Native;

namespace Assay.Tasks;

/// <summary>Checks acceptance tests that have no command, and whether this host can make them.</summary>
/// <param name="root">The project.</param>
/// <param name="keep">Keeps a document in the ledger.</param>
/// <param name="refuse">Takes what is wrong.</param>
internal sealed class BuiltInCheckRule(string root, Func<Blob, Digest> keep, InputRefusal refuse)
{
    private const long MaxSchemaBytes = 16 << 20;

    private readonly Dictionary<string, IReadOnlyList<string>> _files = new(StringComparer.Ordinal);

    /// <summary>The check of a test; null when the test has a command of its own, or something is wrong.</summary>
    /// <param name="test">As the document declares it.</param>
    /// <param name="scope">What its task may write.</param>
    /// <param name="tree">The task's tree; null: it has none.</param>
    /// <param name="pointer">Where the test stands.</param>
    public BuiltInCheck? Load(TestDocument test, ImmutableArray<string> scope, string? tree, string pointer)
    {
        if (!test.Command.IsEmpty)
        {
            if (test.Schema is not null) refuse($"{pointer}/schema", "schema", "means nothing beside a command: remove one of them");
            return null;
        }

        var kind = WireName<CheckKind>.Parse(test.Kind);
        if (test.Parse is not null) refuse($"{pointer}/parse", "parse", "means nothing without a command: remove it");
        const string noTree = "has no command, and its task no working_tree in which something could be looked at";
        if (tree is null) refuse(pointer, "command", $"{test.Name} {noTree}");
        else if (kind != CheckKind.Schema) CheckTools(test.Name, kind, scope, tree, pointer);
        if (test.Schema is null) return new BuiltInCheck(kind, null, []);
        if (kind == CheckKind.Schema) return new BuiltInCheck(kind, Schema(test.Schema, $"{pointer}/schema"), test.Schema.Files);
        refuse($"{pointer}/schema", "schema", $"means nothing for kind {test.Kind}: remove it");
        return null;
    }

    /// <summary>
    /// The programs for all that the task may write there must be there. What it makes besides fails the check, which says so.
    /// </summary>
    private void CheckTools(string name, CheckKind kind, ImmutableArray<string> scope, string tree, string pointer)
    {
        var globs = scope.Select(GlobPattern.Parse).OfType<GlobPattern>().ToList();
        var files = Files(tree).Where(f => globs.Exists(g => g.Matches(f))).Concat(scope);
        var needed = files.Select(f => (File: f, Language: CheckedLanguage.Of(f))).DistinctBy(f => f.Language)
            .Where(f => f.Language is { Found: null } && (kind == CheckKind.Import || f.Language.IsForLint));
        foreach (var (file, language) in needed)
        {
            refuse($"{pointer}/kind", "program", $"{name} would look at {file}, and {language!.Missing}: install it, or give the test a command");
        }
    }

    /// <summary>The files of a tree, by path; what cannot be walked says so when it is copied.</summary>
    private IReadOnlyList<string> Files(string tree)
    {
        if (_files.TryGetValue(tree, out var known)) return known;
        var found = new List<string>();
        try
        {
            using var top = FolderHandle.OpenNamed(tree);
            using var walk = new FolderWalk(top, WalkBounds.OfRun);
            while (walk.Next())
            {
                if (walk.Name.SequenceEqual(".git"u8)) walk.Skip();
                else if (FileStat.Of(walk.Found).Kind == FileKind.File) found.Add(walk.Path);
            }
        }
        catch (IOException)
        {
            // No folder: that is refused for itself.
        }

        return _files[tree] = found;
    }

    private Digest? Schema(SchemaDocument schema, string pointer)
    {
        if (new PlanFolder(Path.Combine(root, Path.GetFileName(TaskPaths.Queue))).Resolve(root, schema.Path, out var problem) is not { } path)
        {
            refuse($"{pointer}/path", "path", $"{schema.Path} {problem}");
            return null;
        }

        using var file = OpenedFile.ToRead(path);
        var bytes = file.Problem is null && file.SizeBytes <= MaxSchemaBytes ? file.ReadAll(MaxSchemaBytes) : null;
        if ((bytes is null ? file.Problem ?? "is too large" : SchemaForm.Unusable(bytes, schema.Path)) is { } unusable)
        {
            refuse($"{pointer}/path", "schema", unusable);
            return null;
        }

        return keep(Blob.Of(bytes));
    }
}
