using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Kernel.Schemas;

/// <summary>Reads the keywords of one schema object.</summary>
internal sealed class KeywordReader(SchemaCompiler compiler, SchemaResource resource, string pointer, JsonElement schema)
{
    public IEnumerable<Keyword> Read()
    {
        var keywords = new List<Keyword>();
        foreach (var property in schema.EnumerateObject())
        {
            if (Applicator(property.Name, property.Value) is { } applicator) keywords.Add(applicator);
            else if (resource.Validates && Assertion(property.Name, property.Value) is { } assertion) keywords.Add(assertion);
        }

        if (schema.TryGetProperty("properties", out _) || schema.TryGetProperty("patternProperties", out _)
            || schema.TryGetProperty("additionalProperties", out _))
        {
            keywords.Add(Properties());
        }

        if (schema.TryGetProperty("prefixItems", out _) || schema.TryGetProperty("items", out _))
        {
            keywords.Add(new ItemsKeyword(Many("prefixItems"), One("items")));
        }

        return keywords;
    }

    private Keyword? Applicator(string name, JsonElement value) => name switch
    {
        "$ref" => compiler.Reference(resource, Text(name, value)),
        "$dynamicRef" => compiler.DynamicReference(resource, Text(name, value)),
        "allOf" => new AllOfKeyword(Many(name)),
        "anyOf" => new AnyOfKeyword(Many(name)),
        "oneOf" => new OneOfKeyword(Many(name)),
        "not" => new NotKeyword(One(name)!),
        "if" => new IfKeyword(One(name)!, One("then"), One("else")),
        "contains" => new ContainsKeyword(One(name)!, Limit("minContains", 1), Limit("maxContains", long.MaxValue)),
        "propertyNames" => new PropertyNamesKeyword(One(name)!),
        "dependentSchemas" => new DependentSchemasKeyword([.. Named(name).Select(p => (p.Key, p.Value))]),
        "unevaluatedProperties" => new UnevaluatedPropertiesKeyword(One(name)!),
        "unevaluatedItems" => new UnevaluatedItemsKeyword(One(name)!),
        _ => null,
    };

    private Keyword? Assertion(string name, JsonElement value) => name switch
    {
        "type" => new TypeKeyword(value.ValueKind == JsonValueKind.Array ? Texts(name, value) : [Text(name, value)]),
        "const" => new ConstKeyword(value),
        "enum" => new EnumKeyword([.. Array(name, value)]),
        "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf" => Number(name, value),
        "minLength" or "maxLength" or "minItems" or "maxItems" or "minProperties" or "maxProperties" => new SizeKeyword(name, Limit(name, 0)),
        "pattern" => new PatternKeyword(EcmaPattern.Compile(Text(name, value))),
        "uniqueItems" => value.ValueKind == JsonValueKind.True ? new UniqueItemsKeyword() : null,
        "required" => new RequiredKeyword(Texts(name, value)),
        "dependentRequired" => new DependentRequiredKeyword([.. Object(name, value).Select(p => (p.Name, Texts(name, p.Value)))]),
        _ => null,
    };

    private PropertiesKeyword Properties()
    {
        var patterned = new List<(EcmaPattern, SchemaNode)>();
        foreach (var (pattern, node) in Named("patternProperties")) patterned.Add((EcmaPattern.Compile(pattern), node));
        return new PropertiesKeyword(Named("properties"), [.. patterned], One("additionalProperties"));
    }

    private NumberKeyword Number(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number) throw Bad(name, "a number");
        var limit = ExactNumber.Of(value);
        if (name == "multipleOf" && !limit.IsPositive) throw Bad(name, "more than 0");
        return new NumberKeyword(name, limit, value.GetRawText());
    }

    private SchemaNode? One(string name) =>
        schema.TryGetProperty(name, out _) ? compiler.Child(resource, JsonPointer.Append(pointer, name)) : null;

    private SchemaNode[] Many(string name) =>
        schema.TryGetProperty(name, out var value)
            ? [.. Enumerable.Range(0, Array(name, value).Count()).Select(i => compiler.Child(resource, JsonPointer.Append(JsonPointer.Append(pointer, name), i)))]
            : [];

    private Dictionary<string, SchemaNode> Named(string name) =>
        schema.TryGetProperty(name, out var value)
            ? Object(name, value).ToDictionary(
                p => p.Name, p => compiler.Child(resource, JsonPointer.Append(JsonPointer.Append(pointer, name), p.Name)), StringComparer.Ordinal)
            : new Dictionary<string, SchemaNode>(StringComparer.Ordinal);

    private long Limit(string name, long otherwise)
    {
        if (!resource.Validates || !schema.TryGetProperty(name, out var value)) return otherwise;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var limit) || limit < 0 || Math.Floor(limit) != limit)
        {
            throw Bad(name, "a whole number of at least 0");
        }

        return (long)Math.Min(limit, long.MaxValue);
    }

    private string Text(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad(name, "a string");

    private string[] Texts(string name, JsonElement value) => [.. Array(name, value).Select(item => Text(name, item))];

    private JsonElement.ArrayEnumerator Array(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Bad(name, "an array");

    private JsonElement.ObjectEnumerator Object(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw Bad(name, "an object");

    private SchemaException Bad(string name, string wanted) => new($"{resource.BaseUri}#{pointer}: {name} must be {wanted}");
}
