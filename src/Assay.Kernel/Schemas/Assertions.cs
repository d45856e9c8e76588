using System.Text.Json;

namespace Assay.Kernel.Schemas;

internal sealed class TypeKeyword(string[] types) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        foreach (var type in types)
        {
            if (Is(instance, type)) return true;
        }

        return run.Fail("type", $"must be {string.Join(" or ", types)}, but is {Name(instance.ValueKind)}");
    }

    private static bool Is(JsonElement instance, string type) => (type, instance.ValueKind) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
        ("number", JsonValueKind.Number) or ("null", JsonValueKind.Null) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => instance.TryGetInt64(out _) || ExactNumber.Of(instance).IsInteger,
        _ => false,
    };

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}

internal sealed class ConstKeyword(JsonElement expected) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen) =>
        JsonEquality.Equal(instance, expected) || run.Fail("const", $"must be {expected.GetRawText()}");
}

internal sealed class EnumKeyword(JsonElement[] allowed) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        foreach (var value in allowed)
        {
            if (JsonEquality.Equal(instance, value)) return true;
        }

        return run.Fail("enum", $"must be one of {string.Join(", ", allowed.Select(v => v.GetRawText()))}");
    }
}

/// <summary>A bound on a number: minimum, maximum, their exclusive forms, and multipleOf.</summary>
internal sealed class NumberKeyword(string name, ExactNumber limit, string limitText) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Number) return true;
        var value = ExactNumber.Of(instance);
        var (holds, wanted) = name switch
        {
            "minimum" => (value.CompareTo(limit) >= 0, "at least"),
            "maximum" => (value.CompareTo(limit) <= 0, "at most"),
            "exclusiveMinimum" => (value.CompareTo(limit) > 0, "more than"),
            "exclusiveMaximum" => (value.CompareTo(limit) < 0, "less than"),
            "multipleOf" => (value.IsMultipleOf(limit), "a multiple of"),
            _ => throw new InvalidOperationException(name),
        };
        return holds || run.Fail(name, $"must be {wanted} {limitText}");
    }
}

/// <summary>A bound on how much a string, array or object holds.</summary>
internal sealed class SizeKeyword(string name, long limit) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        var size = (name, instance.ValueKind) switch
        {
            ("minLength" or "maxLength", JsonValueKind.String) => CodePoints(instance.GetString()!),
            ("minItems" or "maxItems", JsonValueKind.Array) => instance.GetArrayLength(),
            ("minProperties" or "maxProperties", JsonValueKind.Object) => instance.GetPropertyCount(),
            _ => -1,
        };
        if (size < 0) return true;
        var isMinimum = name.StartsWith("min", StringComparison.Ordinal);
        var holds = isMinimum ? size >= limit : size <= limit;
        return holds || run.Fail(name, $"must hold {(isMinimum ? "at least" : "at most")} {limit}, but holds {size}");
    }

    private static long CodePoints(string text) => text.Length - text.Count(char.IsLowSurrogate);
}

internal sealed class PatternKeyword(EcmaPattern pattern) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.String) return true;
        return pattern.Matches(instance.GetString()!) switch
        {
            true => true,
            false => run.Fail("pattern", $"must match {pattern}"),
            null => run.Fail("pattern", $"could not be matched against {pattern} in time"),
        };
    }
}

internal sealed class UniqueItemsKeyword : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Array) return true;
        var items = new HashSet<JsonElement>(JsonEquality.Comparer.Instance);
        foreach (var item in instance.EnumerateArray())
        {
            if (!items.Add(item)) return run.Fail("uniqueItems", $"must not hold {item.GetRawText()} twice");
        }

        return true;
    }
}

internal sealed class RequiredKeyword(string[] names) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Object) return true;
        var valid = true;
        foreach (var name in names)
        {
            if (!instance.TryGetProperty(name, out _)) valid = run.Fail("required", $"the key \"{name}\" is missing");
        }

        return valid;
    }
}

internal sealed class DependentRequiredKeyword((string Key, string[] Needs)[] rules) : Keyword
{
    public override bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (instance.ValueKind != JsonValueKind.Object) return true;
        var valid = true;
        foreach (var (key, needs) in rules)
        {
            if (!instance.TryGetProperty(key, out _)) continue;
            foreach (var name in needs)
            {
                if (!instance.TryGetProperty(name, out _)) valid = run.Fail("dependentRequired", $"\"{key}\" needs the key \"{name}\"");
            }
        }

        return valid;
    }
}
