using System.Text.Json;

namespace Assay.Kernel.Schemas;

/// <summary>One schema object or boolean, compiled. Its keywords are filled in after it is known, since schemas may be recursive.</summary>
internal sealed class SchemaNode(SchemaResource resource)
{
    /// <summary>The most schemas within each other; no value is nested so deep that one which ends could need more.</summary>
    private const int MostNested = 1_000;

    private Keyword[] _keywords = [];
    private bool? _literal;
    private bool _hasUnevaluated;

    /// <summary>The schema <c>false</c>, which allows nothing.</summary>
    public bool IsFalse => _literal == false;

    public void Define(bool literal) => _literal = literal;

    public void Define(Keyword[] keywords)
    {
        // What asks for "the rest" must come after everything that can have looked at a member.
        _keywords = [.. keywords.Where(k => !k.IsUnevaluated), .. keywords.Where(k => k.IsUnevaluated)];
        _hasUnevaluated = keywords.Any(k => k.IsUnevaluated);
    }

    /// <summary>Whether the instance satisfies this schema; adds to <paramref name="seen"/> what was looked at, if it does.</summary>
    public bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen)
    {
        if (_literal is { } literal) return literal || run.Fail("false", "no value is allowed here");
        if (run.Scope.Count == MostNested) return run.Fail("$ref", "the schema refers to itself without end");
        var own = seen is not null || _hasUnevaluated ? new Evaluated() : null;
        run.Scope.Add(resource);
        var valid = true;
        foreach (var keyword in _keywords)
        {
            if (keyword.Evaluate(instance, run, own)) continue;
            valid = false;
            if (run.IsQuiet) break;
        }

        run.Scope.RemoveAt(run.Scope.Count - 1);
        if (valid && own is not null) seen?.Merge(own);
        return valid;
    }
}

/// <summary>One keyword of a schema, with its siblings' meaning folded in where the draft couples them.</summary>
internal abstract class Keyword
{
    public virtual bool IsUnevaluated => false;

    public abstract bool Evaluate(JsonElement instance, Evaluation run, Evaluated? seen);
}
