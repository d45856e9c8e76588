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

    /// <summary>One of our own contracts.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Contract Of(string version) =>
        Compiled.GetOrAdd(version, static v => new Lazy<Contract>(() => Contract.Compile(v, Schema(v)))).Value;

    /// <summary>What one of our own schemas says of a value, whatever schema_version the value names.</summary>
    public static IReadOnlyList<SchemaError> Validate(string version, JsonElement value) => Of(version).Validate(value);

    /// <summary>
    /// The document itself when it satisfies one of our own contracts (<see cref="Contract.Check"/>); else each thing that is wrong.
    /// </summary>
    public static Checked<InputDocument> Check(InputDocument document, string version) => Of(version).Check(document);
}
