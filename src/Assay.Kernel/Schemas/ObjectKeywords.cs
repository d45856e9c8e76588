using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Kernel.Schemas;

/// <summary>properties, patternProperties and additionalProperties, which the draft couples.</summary>
internal sealed class PropertiesKeyword(
    Dictionary<string, SchemaNode> named, (EcmaPattern Pattern, SchemaNode Node)[] patterned, SchemaNode? additional) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Object) return true;
        var valid = true;
        foreach (var property in instance.EnumerateObject())
        {
            var name = property.Name;
            var known = false;
            if (named.TryGetValue(name, out var node))
            {
                known = true;
                valid &= run.Below(name, node, property.Value);
            }

            foreach (var (pattern, patternNode) in patterned)
            {
                if (!Matches(pattern, name, run, ref valid)) continue;
                known = true;
                valid &= run.Below(name, patternNode, property.Value);
            }

            if (!known && additional is not null)
            {
                known = true;
                valid &= additional.IsFalse ? Unknown(name, run) : run.Below(name, additional, property.Value);
            }

            if (known) seen?.Property(name);
        }

        return valid;
    }

    /// <summary>A key that is not allowed is one error, at its own place.</summary>
    private bool Unknown(string name, Evaluation run)
    {
        var known = named.Count > 0 ? $"; known are {string.Join(", ", named.Keys)}" : "";
        return run.FailBelow(name, "additionalProperties", $"the key \"{name}\" is not known here{known}");
    }

    private static bool Matches(EcmaPattern pattern, string name, Evaluation run, ref bool valid)
    {
        if (pattern.Matches(name) is { } isMatch) return isMatch;
        valid = run.Fail("patternProperties", $"the key \"{name}\" could not be matched against {pattern} in time");
        return false;
    }
}

internal sealed class PropertyNamesKeyword(SchemaNode node) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Object) return true;
        var valid = true;
        foreach (var property in instance.EnumerateObject())
        {
            using var name = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(property.Name, KernelJson.Default.String));
            if (!run.Try(node, name.RootElement, null)) valid = run.Fail("propertyNames", $"the key \"{property.Name}\" is not allowed");
        }

        return valid;
    }
}

internal sealed class DependentSchemasKeyword((string Key, SchemaNode Node)[] rules) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Object) return true;
        var valid = true;
        foreach (var (key, node) in rules)
        {
            if (instance.TryGetProperty(key, out _)) valid &= node.Evaluate(instance, run, seen);
        }

        return valid;
    }
}

internal sealed class UnevaluatedPropertiesKeyword(SchemaNode node) : Keyword
{
    public override bool IsUnevaluated => true;

    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Object) return true;
        var valid = true;
        foreach (var property in instance.EnumerateObject())
        {
            if (!seen!.Has(property.Name)) valid &= run.Below(property.Name, node, property.Value);
        }

        seen!.AllProperties();
        return valid;
    }
}
