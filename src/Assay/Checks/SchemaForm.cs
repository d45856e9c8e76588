using Assay.Kernel.Json;
using Assay.Kernel.Schemas;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Checks;

/// <summary>Compares JSON and YAML with the schema that the test names for them, or that they name by a path of the tree.</summary>
internal sealed class SchemaForm
{
    /// <summary>No document or schema is larger.</summary>
    private const long MaxBytes = 16 << 20;

    private readonly FolderHandle _tree;
    private readonly byte[]? _schema;
    private readonly List<GlobPattern> _files;
    private readonly SchemaNames _names;

    /// <param name="tree">The tree.</param>
    /// <param name="schema">The test's own schema; null: it has none.</param>
    /// <param name="files">The files that are to keep it.</param>
    /// <param name="names">What documents name as their schemas.</param>
    public SchemaForm(FolderHandle tree, byte[]? schema, IEnumerable<string> files, SchemaNames names) =>
        (_tree, _schema, _files, _names) = (tree, schema, [.. files.Select(GlobPattern.Parse).OfType<GlobPattern>()], names);

    /// <summary>Whether a file can have a schema, by its name.</summary>
    public bool Means(string path) => IsNamed(path) || SchemaNames.IsDocument(path);

    /// <summary>What is wrong with a changed file; it is not looked at when there is no schema for it, and was none.</summary>
    public (bool IsLookedAt, string? Problem) Look(FileChange change, ReadOnlyMemory<byte> content)
    {
        var isNamed = IsNamed(change.Path);
        if (!SchemaNames.IsDocument(change.Path) || change.After is not { Kind: EntryKind.File })
        {
            var lost = _names.Lost(change) ?? (isNamed ? "it is neither JSON nor YAML" : null);
            return (lost is not null, lost);
        }

        var document = InputDocument.Read(content, change.Path, StrictJson.UntrustedDepth);
        if (!document.IsValid) return (true, document.Problems[0].ToString());
        var (own, problem) = _names.Of(change, document.Value.Root, isNamed);
        if (isNamed) problem ??= Compare(document.Value, _schema!, "the test's schema");
        if (own is not null) problem ??= Compare(document.Value, own);
        return (isNamed || own is not null || problem is not null, problem);
    }

    private bool IsNamed(string path) => _schema is not null && _files.Exists(f => f.Matches(path));

    /// <summary>What is wrong with a schema; null: it can be used.</summary>
    public static string? Unusable(byte[] schema, string name) => Compile(schema, name).Problem;

    private string? Compare(InputDocument document, string place)
    {
        using var file = _tree.OpenFile(place);
        if (file.IsMissing) return $"its schema {place} does not exist";
        if (file.Problem is { } problem) return $"its schema {place} {problem}";
        if (file.SizeBytes > MaxBytes) return $"its schema {place} is larger than {MaxBytes} bytes";
        return Compare(document, file.ReadAll(MaxBytes), place);
    }

    private static string? Compare(InputDocument document, byte[] schema, string name)
    {
        var (compiled, problem) = Compile(schema, name);
        if (compiled is null) return problem;
        var errors = compiled.Validate(document.Root);
        return errors.Count == 0 ? null : document.Problem(errors[0].InstancePointer, errors[0].Keyword, errors[0].Message).ToString();
    }

    private static (JsonSchema? Schema, string? Problem) Compile(byte[] bytes, string name)
    {
        var document = InputDocument.Read(bytes, name, StrictJson.UntrustedDepth);
        if (!document.IsValid) return (null, document.Problems[0].ToString());
        try
        {
            const string place = "https://assay.invalid/checked.schema.json";
            var registry = new SchemaRegistry();
            registry.Add(place, document.Value.Root);
            return (registry.Compile(place), null);
        }
        catch (Exception e) when (e is SchemaException or UriFormatException)
        {
            return (null, $"{name} is no schema that can be used: {e.Message}");
        }
    }
}
