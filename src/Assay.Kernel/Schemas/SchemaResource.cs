using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Kernel.Schemas;

/// <summary>One schema with a base URI of its own (core section 4.3.5), its anchors, and the keywords that are alive in it.</summary>
internal sealed class SchemaResource
{
    private const string ValidationVocabulary = "https://json-schema.org/draft/2020-12/vocab/validation";

    /// <summary>Keywords whose value is a schema, an array of schemas, or an object of schemas.</summary>
    private static readonly Dictionary<string, Holds> Applicators = new(StringComparer.Ordinal)
    {
        ["additionalProperties"] = Holds.One,
        ["contains"] = Holds.One,
        ["contentSchema"] = Holds.One,
        ["else"] = Holds.One,
        ["if"] = Holds.One,
        ["items"] = Holds.One,
        ["not"] = Holds.One,
        ["propertyNames"] = Holds.One,
        ["then"] = Holds.One,
        ["unevaluatedItems"] = Holds.One,
        ["unevaluatedProperties"] = Holds.One,
        ["allOf"] = Holds.Many,
        ["anyOf"] = Holds.Many,
        ["oneOf"] = Holds.Many,
        ["prefixItems"] = Holds.Many,
        ["$defs"] = Holds.Named,
        ["definitions"] = Holds.Named,
        ["dependentSchemas"] = Holds.Named,
        ["patternProperties"] = Holds.Named,
        ["properties"] = Holds.Named,
    };

    private readonly SchemaRegistry _registry;
    private readonly Dictionary<string, SchemaResource> _embedded = new(StringComparer.Ordinal);

    private SchemaResource(Uri baseUri, JsonElement root, SchemaRegistry registry)
    {
        BaseUri = baseUri;
        Root = root;
        _registry = registry;
    }

    private enum Holds
    {
        One,
        Many,
        Named,
    }

    public Uri BaseUri { get; }

    public JsonElement Root { get; }

    /// <summary>Pointers of the schemas that carry <c>$anchor</c> or <c>$dynamicAnchor</c>, by name.</summary>
    public Dictionary<string, string> Anchors { get; } = new(StringComparer.Ordinal);

    /// <summary>Pointers of the schemas that carry <c>$dynamicAnchor</c>, by name.</summary>
    public Dictionary<string, string> DynamicAnchors { get; } = new(StringComparer.Ordinal);

    /// <summary>False when the resource's metaschema leaves the validation vocabulary out.</summary>
    public bool Validates
    {
        get
        {
            if (Root.ValueKind != JsonValueKind.Object
                || !Root.TryGetProperty("$schema", out var metaschema)
                || metaschema.GetString() is not { } uri
                || !Uri.TryCreate(uri, UriKind.Absolute, out var absolute)
                || _registry.Find(absolute) is not { Root.ValueKind: JsonValueKind.Object } found
                || !found.Root.TryGetProperty("$vocabulary", out var vocabulary))
            {
                return true;
            }

            return vocabulary.TryGetProperty(ValidationVocabulary, out _);
        }
    }

    /// <summary>Registers a document and all resources embedded in it.</summary>
    public static void Scan(Uri uri, JsonElement document, SchemaRegistry registry)
    {
        var resource = new SchemaResource(ResolveId(uri, document), document, registry);
        registry.Add(uri, resource);
        registry.Add(resource.BaseUri, resource);
        resource.Walk(document, "");
    }

    /// <summary>The pointer within this resource's root, followed into embedded resources where it crosses one.</summary>
    public (SchemaResource Resource, JsonElement Schema, string Pointer) At(string pointer)
    {
        if (JsonPointer.Find(Root, pointer) is not { } found) throw new SchemaException($"{BaseUri}#{pointer} does not exist");
        var owner = this;
        var ownPointer = "";
        foreach (var segment in JsonPointer.Segments(pointer))
        {
            ownPointer = JsonPointer.Append(ownPointer, segment);
            if (owner._embedded.TryGetValue(ownPointer, out var inner)) (owner, ownPointer) = (inner, "");
        }

        return (owner, found, ownPointer);
    }

    private void Walk(JsonElement schema, string pointer)
    {
        if (schema.ValueKind != JsonValueKind.Object) return;
        if (pointer.Length > 0 && HasId(schema))
        {
            var inner = new SchemaResource(ResolveId(BaseUri, schema), schema, _registry);
            _registry.Add(inner.BaseUri, inner);
            _embedded[pointer] = inner;
            inner.Walk(schema, "");
            return;
        }

        if (Text(schema, "$anchor") is { } anchor) Anchors[anchor] = pointer;
        if (Text(schema, "$dynamicAnchor") is { } dynamic) Anchors[dynamic] = DynamicAnchors[dynamic] = pointer;
        foreach (var property in schema.EnumerateObject())
        {
            if (!Applicators.TryGetValue(property.Name, out var holds)) continue;
            var below = JsonPointer.Append(pointer, property.Name);
            if (holds == Holds.One)
            {
                Walk(property.Value, below);
            }
            else if (holds == Holds.Many && property.Value.ValueKind == JsonValueKind.Array)
            {
                var index = 0;
                foreach (var item in property.Value.EnumerateArray()) Walk(item, JsonPointer.Append(below, index++));
            }
            else if (holds == Holds.Named && property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in property.Value.EnumerateObject()) Walk(member.Value, JsonPointer.Append(below, member.Name));
            }
        }
    }

    private static Uri ResolveId(Uri parent, JsonElement schema) =>
        HasId(schema) ? new Uri(parent, Text(schema, "$id")!) : parent;

    private static bool HasId(JsonElement schema) => Text(schema, "$id") is not null;

    private static string? Text(JsonElement schema, string key) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
