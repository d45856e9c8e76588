using System.Text;
using Assay.Kernel.Json;

namespace Assay.Kernel.Schemas;

/// <summary>One validation under way: where in the instance it stands, the dynamic scope, and the errors so far.</summary>
internal sealed class Evaluation
{
    private readonly List<SchemaError> _errors = [];
    private readonly List<object> _path = [];
    private int _quiet;

    public IReadOnlyList<SchemaError> Errors => _errors;

    /// <summary>The resources entered, outermost first (core section 7.1).</summary>
    public List<SchemaResource> Scope { get; } = [];

    /// <summary>Inside a branch whose failure is no error by itself.</summary>
    public bool IsQuiet => _quiet > 0;

    public bool Fail(string keyword, string message)
    {
        if (!IsQuiet) _errors.Add(new SchemaError(Pointer(), keyword, message));
        return false;
    }

    /// <summary>Records an error at a child of the current value.</summary>
    public bool FailBelow(object step, string keyword, string message)
    {
        _path.Add(step);
        Fail(keyword, message);
        _path.RemoveAt(_path.Count - 1);
        return false;
    }

    /// <summary>Evaluates a branch and keeps its errors to itself.</summary>
    public bool Try(SchemaNode node, System.Text.Json.JsonElement instance, Evaluated? seen)
    {
        _quiet++;
        try
        {
            return node.Evaluate(instance, this, seen);
        }
        finally
        {
            _quiet--;
        }
    }

    /// <summary>Evaluates a child of the current value, named by its key or index.</summary>
    public bool Below(object step, SchemaNode node, System.Text.Json.JsonElement child)
    {
        _path.Add(step);
        try
        {
            return node.Evaluate(child, this, null);
        }
        finally
        {
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private string Pointer()
    {
        var text = new StringBuilder();
        foreach (var step in _path) text.Append('/').Append(step is string key ? JsonPointer.Escape(key) : step);
        return text.ToString();
    }
}

/// <summary>The members of one value that some schema has looked at, for unevaluatedProperties and unevaluatedItems.</summary>
internal sealed class Evaluated
{
    private HashSet<string>? _properties;
    private HashSet<int>? _items;
    private bool _allProperties;
    private bool _allItems;
    private int _prefix;

    public void Property(string name) => (_properties ??= new HashSet<string>(StringComparer.Ordinal)).Add(name);

    public void AllProperties() => _allProperties = true;

    public void Item(int index) => (_items ??= []).Add(index);

    public void Prefix(int count) => _prefix = Math.Max(_prefix, count);

    public void AllItems() => _allItems = true;

    public bool Has(string name) => _allProperties || (_properties?.Contains(name) ?? false);

    public bool Has(int index) => _allItems || index < _prefix || (_items?.Contains(index) ?? false);

    public void Merge(Evaluated other)
    {
        _allProperties |= other._allProperties;
        _allItems |= other._allItems;
        _prefix = Math.Max(_prefix, other._prefix);
        if (other._properties is not null) (_properties ??= new HashSet<string>(StringComparer.Ordinal)).UnionWith(other._properties);
        if (other._items is not null) (_items ??= []).UnionWith(other._items);
    }
}
