using System.Text.Json;
using Assay.Kernel.Json;
using Assay.Kernel.Schemas;

namespace Assay.Kernel.Contracts;

/// <summary>A JSON Schema with the name by which documents say that they satisfy it (<c>schema_version</c>).</summary>
public sealed class Contract
{
    private const string LocalReference = "#/";

    private static readonly Uri Place = new("https://assay.invalid/contracts/");
    private static readonly string[] References = ["$ref", "$dynamicRef"];

    private readonly JsonElement _text;
    private readonly JsonSchema _schema;

    private Contract(string name, JsonElement text, JsonSchema schema) => (Name, _text, _schema) = (name, text, schema);

    /// <summary>What documents name.</summary>
    public string Name { get; }

    /// <summary>A contract from outside, or what is wrong with it: no schema, or one that refers to others than itself.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">The schema, strict JSON.</param>
    /// <param name="source">How problems name it.</param>
    public static Checked<Contract> Read(string name, ReadOnlyMemory<byte> bytes, string source)
    {
        var text = StrictJson.Parse(bytes, source, StrictJson.UntrustedDepth);
        if (!text.IsValid) return Checked<Contract>.Refused(text.Problems);
        if (text.Value.ValueKind != JsonValueKind.Object) return new InputProblem(source, "", "type", "must be an object: a JSON Schema");
        if (Outside(text.Value, "") is { } reference)
        {
            return new InputProblem(source, reference, "$ref", "must begin with #/: a contract refers to nothing but itself");
        }

        try
        {
            return Compile(name, text.Value);
        }
        catch (Exception e) when (e is SchemaException or UriFormatException or InvalidOperationException)
        {
            return new InputProblem(source, "", "schema", $"is no JSON Schema of draft 2020-12: {e.Message}");
        }
    }

    /// <summary>What the schema says of a value, whatever schema_version the value names.</summary>
    public IReadOnlyList<SchemaError> Validate(JsonElement value) => _schema.Validate(value);

    /// <summary>
    /// The document itself when it names this contract, satisfies it, and holds no character that none may hold (<see cref="TextRule"/>);
    /// else each thing that is wrong.
    /// </summary>
    public Checked<InputDocument> Check(InputDocument document)
    {
        if (document.Root.ValueKind != JsonValueKind.Object) return document.Problem("", "type", "must be an object");
        if (!document.Root.TryGetProperty("schema_version", out var named) || named.ValueKind != JsonValueKind.String)
        {
            return document.Problem("", "schema_version", $"the key \"schema_version\" is missing: it must be \"{Name}\"");
        }

        if (named.GetString() != Name)
        {
            var isKnown = ContractCatalog.Versions.Contains(named.GetString()!, StringComparer.Ordinal);
            var known = isKnown ? "is another kind of document" : "is not known";
            return document.Problem("/schema_version", "schema_version", $"\"{named.GetString()}\" {known}; expected \"{Name}\"");
        }

        return CheckUnnamed(document);
    }

    /// <summary>The same of a document of a format that is older than Assay, which does not name its contract.</summary>
    public Checked<InputDocument> CheckUnnamed(InputDocument document)
    {
        if (TextRule.Problems(document, _text) is { Count: > 0 } problems) return Checked<InputDocument>.Refused(problems);
        var errors = _schema.Validate(document.Root);
        return errors.Count == 0
            ? document
            : Checked<InputDocument>.Refused([.. errors.Select(e => document.Problem(e.InstancePointer, e.Keyword, e.Message))]);
    }

    /// <exception cref="SchemaException">It is no schema.</exception>
    internal static Contract Compile(string name, JsonElement text)
    {
        var registry = new SchemaRegistry();
        var uri = new Uri(Place, $"{name}.schema.json").ToString();
        registry.Add(uri, text);
        return new Contract(name, text, registry.Compile(uri));
    }

    /// <summary>Where a reference stands that leaves the schema; null when none does.</summary>
    private static string? Outside(JsonElement part, string pointer)
    {
        IEnumerable<string?> found = part.ValueKind switch
        {
            JsonValueKind.Object => part.EnumerateObject().Select(p => Outside(p, JsonPointer.Append(pointer, p.Name))),
            JsonValueKind.Array => part.EnumerateArray().Select((e, i) => Outside(e, JsonPointer.Append(pointer, i))),
            _ => [],
        };
        return found.OfType<string>().FirstOrDefault();
    }

    private static string? Outside(JsonProperty property, string pointer)
    {
        var value = property.Value;
        if (!References.Contains(property.Name) || value.ValueKind != JsonValueKind.String) return Outside(value, pointer);
        return value.GetString()!.StartsWith(LocalReference, StringComparison.Ordinal) ? null : pointer;
    }
}
