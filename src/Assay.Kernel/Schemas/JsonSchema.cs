using System.Text.Json;

namespace Assay.Kernel.Schemas;

/// <summary>
/// A compiled JSON Schema (draft 2020-12), safe to use from many threads. <c>format</c> and <c>content*</c> are annotations, as the
/// draft's default metaschema has it.
/// </summary>
public sealed class JsonSchema
{
    private readonly SchemaNode _root;

    internal JsonSchema(SchemaNode root) => _root = root;

    /// <summary>Everything in <paramref name="instance"/> that the schema refuses; empty when it is valid.</summary>
    public IReadOnlyList<SchemaError> Validate(JsonElement instance)
    {
        var run = new Evaluation();
        _root.Evaluate(instance, run, null);
        return run.Errors;
    }
}
