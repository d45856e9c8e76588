using System.Text.Json;

namespace Assay.Kernel.Schemas;

internal sealed class AllOfKeyword(SchemaNode[] nodes) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        var valid = true;
        foreach (var node in nodes) valid &= node.Evaluate(instance, run, seen);
        return valid;
    }
}

internal sealed class AnyOfKeyword(SchemaNode[] nodes) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        var matched = false;
        foreach (var node in nodes)
        {
            // Without annotations to collect, the first match decides.
            matched |= run.Try(node, instance, seen);
            if (matched && seen is null) return true;
        }

        return matched || run.Fail("anyOf", $"matches none of the {nodes.Length} allowed forms");
    }
}

internal sealed class OneOfKeyword(SchemaNode[] nodes) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        var matches = 0;
        foreach (var node in nodes)
        {
            if (run.Try(node, instance, seen)) matches++;
        }

        return matches == 1 || run.Fail("oneOf", $"must match exactly one of the {nodes.Length} allowed forms, but matches {matches}");
    }
}

internal sealed class NotKeyword(SchemaNode node) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen) =>
        !run.Try(node, instance, null) || run.Fail("not", "has a form that is forbidden here");
}

internal sealed class IfKeyword(SchemaNode condition, SchemaNode? then, SchemaNode? otherwise) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        var branch = run.Try(condition, instance, seen) ? then : otherwise;
        return branch is null || branch.Evaluate(instance, run, seen);
    }
}

/// <summary>$ref, and a $dynamicRef that does not start at a dynamic anchor. The target is compiled on first use: schemas recurse.</summary>
internal sealed class RefKeyword(Lazy<SchemaNode> target) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen) => target.Value.Evaluate(instance, run, seen);
}

/// <summary>$dynamicRef: the outermost resource of the dynamic scope that has the anchor decides (core section 8.2.3.2).</summary>
internal sealed class DynamicRefKeyword(SchemaCompiler compiler, string anchor, SchemaResource fallback) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        var resource = run.Scope.Find(r => r.DynamicAnchors.ContainsKey(anchor)) ?? fallback;
        return compiler.Node(resource, resource.DynamicAnchors[anchor]).Evaluate(instance, run, seen);
    }
}
