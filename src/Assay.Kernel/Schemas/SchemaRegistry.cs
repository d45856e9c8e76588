using System.Collections.Concurrent;
using System.Text.Json;

namespace Assay.Kernel.Schemas;

/// <summary>
/// The schemas that may refer to each other, by absolute URI. Knows the draft 2020-12 metaschema. Nothing is ever fetched: a reference
/// to a schema that was not added is an error.
/// </summary>
public sealed class SchemaRegistry
{
    internal const string Draft = "https://json-schema.org/draft/2020-12/schema";

    private static readonly Lazy<SchemaRegistry> Standard = new(static () =>
    {
        var registry = new SchemaRegistry(null);
        foreach (var text in Metaschema.Documents)
        {
            using var document = JsonDocument.Parse(text);
            registry.Add(document.RootElement.GetProperty("$id").GetString()!, document.RootElement.Clone());
        }

        return registry;
    });

    private readonly SchemaRegistry? _parent;
    private readonly ConcurrentDictionary<string, SchemaResource> _resources = new(StringComparer.Ordinal);

    /// <summary>A registry that knows the draft 2020-12 metaschema and nothing else.</summary>
    public SchemaRegistry() : this(Standard.Value)
    {
    }

    private SchemaRegistry(SchemaRegistry? parent) => _parent = parent;

    /// <summary>Adds a document, and every schema inside it that has an <c>$id</c> of its own.</summary>
    /// <param name="uri">Absolute URI under which others may refer to it; its own <c>$id</c> is resolved against this.</param>
    /// <param name="schema">The document.</param>
    public void Add(string uri, JsonElement schema) => SchemaResource.Scan(new Uri(uri, UriKind.Absolute), schema, this);

    /// <summary>Compiles a document that was added under <paramref name="uri"/>.</summary>
    /// <exception cref="SchemaException">The schema is malformed, or refers to something unknown.</exception>
    public JsonSchema Compile(string uri) => new SchemaCompiler(this).Compile(new Uri(uri, UriKind.Absolute));

    internal void Add(Uri uri, SchemaResource resource) => _resources[Key(uri)] = resource;

    internal SchemaResource? Find(Uri uri) =>
        _resources.TryGetValue(Key(uri), out var found) ? found : _parent?.Find(uri);

    private static string Key(Uri uri)
    {
        var text = uri.AbsoluteUri;
        var fragment = text.IndexOf('#', StringComparison.Ordinal);
        return fragment < 0 ? text : text[..fragment];
    }
}
