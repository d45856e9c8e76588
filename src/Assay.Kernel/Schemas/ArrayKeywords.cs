using System.Text.Json;

namespace Assay.Kernel.Schemas;

/// <summary>prefixItems and items, which the draft couples.</summary>
internal sealed class ItemsKeyword(SchemaNode[] prefix, SchemaNode? rest) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Array) return true;
        var valid = true;
        var index = 0;
        foreach (var item in instance.EnumerateArray())
        {
            var node = index < prefix.Length ? prefix[index] : rest;
            if (node is null) break;
            valid &= run.Below(index, node, item);
            index++;
        }

        seen?.Prefix(index);
        if (rest is not null) seen?.AllItems();
        return valid;
    }
}

/// <summary>contains with minContains and maxContains.</summary>
internal sealed class ContainsKeyword(SchemaNode node, long minimum, long maximum) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Array) return true;
        long count = 0;
        var index = 0;
        foreach (var item in instance.EnumerateArray())
        {
            if (run.Try(node, item, null))
            {
                count++;
                seen?.Item(index);
            }

            index++;
        }

        if (count < minimum) return run.Fail(minimum == 1 ? "contains" : "minContains", $"must hold at least {minimum} matching items, but holds {count}");
        return count <= maximum || run.Fail("maxContains", $"must hold at most {maximum} matching items, but holds {count}");
    }
}

internal sealed class UnevaluatedItemsKeyword(SchemaNode node) : Keyword
{
    public override bool IsUnevaluated => true;

    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Array) return true;
        var valid = true;
        var index = 0;
        foreach (var item in instance.EnumerateArray())
        {
            if (!seen!.Has(index)) valid &= run.Below(index, node, item);
            index++;
        }

        seen!.AllItems();
        return valid;
    }
}
