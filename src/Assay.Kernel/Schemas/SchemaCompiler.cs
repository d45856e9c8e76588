using System.Collections.Concurrent;
using System.Text.Json;

namespace Assay.Kernel.Schemas;

/// <summary>Turns schema documents into <see cref="SchemaNode"/>s, each location once.</summary>
internal sealed class SchemaCompiler(SchemaRegistry registry)
{
    private readonly ConcurrentDictionary<(SchemaResource, string), Lazy<SchemaNode>> _nodes = new();
    private readonly List<Lazy<SchemaNode>> _references = [];

    public JsonSchema Compile(Uri uri)
    {
        var root = Resolve(uri, null);
        // References are followed now, so that a schema with a loose end is refused before it judges anything.
        for (var i = 0; i < _references.Count; i++) _ = _references[i].Value;
        return new JsonSchema(root);
    }

    public SchemaNode Node(SchemaResource resource, string pointer)
    {
        var (owner, schema, ownPointer) = resource.At(pointer);
        return Node(owner, ownPointer, schema);
    }

    private SchemaNode Node(SchemaResource resource, string pointer, JsonElement schema)
    {
        SchemaNode? created = null;
        var slot = _nodes.GetOrAdd((resource, pointer), _ => new Lazy<SchemaNode>(() => created = new SchemaNode(resource)));
        var node = slot.Value;
        if (created is null) return node;
        switch (schema.ValueKind)
        {
            case JsonValueKind.True or JsonValueKind.False:
                node.Define(schema.GetBoolean());
                break;
            case JsonValueKind.Object:
                node.Define([.. new KeywordReader(this, resource, pointer, schema).Read()]);
                break;
            default:
                throw new SchemaException($"{resource.BaseUri}#{pointer} must be an object or a boolean");
        }

        return node;
    }

    /// <summary>The child schema below one that is being compiled; it may be a resource of its own.</summary>
    public SchemaNode Child(SchemaResource resource, string pointer) => Node(resource, pointer);

    public Keyword Reference(SchemaResource from, string reference) => new RefKeyword(Later(() => Resolve(Target(from, reference), reference)));

    public Keyword DynamicReference(SchemaResource from, string reference)
    {
        var uri = Target(from, reference);
        var anchor = Fragment(uri);
        var resource = registry.Find(uri) ?? throw new SchemaException($"{reference} refers to a schema that is not known");
        return resource.DynamicAnchors.ContainsKey(anchor) ? new DynamicRefKeyword(this, anchor, resource) : Reference(from, reference);
    }

    private Lazy<SchemaNode> Later(Func<SchemaNode> resolve)
    {
        var reference = new Lazy<SchemaNode>(resolve);
        _references.Add(reference);
        return reference;
    }

    private SchemaNode Resolve(Uri uri, string? reference)
    {
        var resource = registry.Find(uri) ?? throw new SchemaException($"{reference ?? uri.ToString()} refers to a schema that is not known");
        var fragment = Fragment(uri);
        if (fragment.Length == 0 || fragment[0] == '/') return Node(resource, fragment);
        return resource.Anchors.TryGetValue(fragment, out var pointer)
            ? Node(resource, pointer)
            : throw new SchemaException($"{uri} names an anchor that does not exist");
    }

    private static Uri Target(SchemaResource from, string reference) =>
        // A fragment alone also works on base URIs that have no hierarchy, such as urn:uuid.
        reference.StartsWith('#') ? new Uri(WithoutFragment(from.BaseUri) + reference) : new Uri(from.BaseUri, reference);

    private static string WithoutFragment(Uri uri) => uri.AbsoluteUri.Split('#')[0];

    private static string Fragment(Uri uri) => Uri.UnescapeDataString(uri.Fragment.TrimStart('#'));
}
