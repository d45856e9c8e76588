using System.Collections.Concurrent;
using System.Text.Json;
using Assay.Kernel.Json;
using Assay.Kernel.Schemas;

namespace Assay.Kernel.Contracts;

/// <summary>
/// The JSON Schemas of <c>contracts/</c>, which are built into this assembly, by the <c>schema_version</c> that a document names.
/// </summary>
public static class ContractCatalog
{
    private const string Prefix = "contracts/";
    private const string Suffix = ".schema.json";

    private static readonly ConcurrentDictionary<string, Lazy<Contract>> Compiled = new(StringComparer.Ordinal);

    /// <summary>All versions that are known, in alphabetical order.</summary>
    public static IReadOnlyList<string> Versions { get; } =
    [
        .. typeof(ContractCatalog).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..^Suffix.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of one schema.</summary>
    public static JsonElement Schema(string version)
    {
        using var stream = typeof(ContractCatalog).Assembly.GetManifestResourceStream(Prefix + version + Suffix)
            ?? throw new ArgumentException($"there is no contract {version}", nameof(version));
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    /// <summary>What one of our own schemas says of a value, whatever schema_version the value names.</summary>
    public static IReadOnlyList<SchemaError> Validate(string version, JsonElement value) => Compile(version).Schema.Validate(value);

    /// <summary>
    /// The document itself when it names <paramref name="version"/>, satisfies that contract, and holds no character that none may hold
    /// (<see cref="TextRule"/>); else each thing that is wrong.
    /// </summary>
    public static Checked<InputDocument> Check(InputDocument document, string version)
    {
        if (document.Root.ValueKind != JsonValueKind.Object) return document.Problem("", "type", "must be an object");
        if (!document.Root.TryGetProperty("schema_version", out var named) || named.ValueKind != JsonValueKind.String)
        {
            return document.Problem("", "schema_version", $"the key \"schema_version\" is missing: it must be \"{version}\"");
        }

        if (named.GetString() != version)
        {
            var known = Versions.Contains(named.GetString()!, StringComparer.Ordinal) ? "is another kind of document" : "is not known";
            return document.Problem("/schema_version", "schema_version", $"\"{named.GetString()}\" {known}; expected \"{version}\"");
        }

        var (text, schema) = Compile(version);
        if (TextRule.Problems(document, text) is { Count: > 0 } problems) return Checked<InputDocument>.Refused(problems);
        var errors = schema.Validate(document.Root);
        return errors.Count == 0
            ? document
            : Checked<InputDocument>.Refused([.. errors.Select(e => document.Problem(e.InstancePointer, e.Keyword, e.Message))]);
    }

    private static Contract Compile(string version) => Compiled.GetOrAdd(version, static v => new Lazy<Contract>(() =>
    {
        var registry = new SchemaRegistry();
        var schema = Schema(v);
        var uri = schema.GetProperty("$id").GetString()!;
        registry.Add(uri, schema);
        return new Contract(schema, registry.Compile(uri));
    })).Value;

    private sealed record Contract(JsonElement Text, JsonSchema Schema);
}
