using System.Text.Json;

namespace Assay.Gateway;

/// <summary>
/// Walks once over what an agent asks and writes what of it may pass, by a table of shapes. It takes time in proportion to the request, and
/// ends when nobody waits for it any more.
/// </summary>
/// <param name="writer">Receives what passes.</param>
/// <param name="spell">The usual spelling of a name.</param>
/// <param name="over">The end of the request.</param>
internal sealed class RequestWalk(Utf8JsonWriter writer, Func<string, string> spell, CancellationToken over)
{
    /// <summary>What is taken out and named beyond this is not named.</summary>
    private const int MostNamed = 64;

    private const int StepsBetweenLooks = 1024;

    private readonly Stack<string> _path = new();
    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);
    private int _steps;

    /// <summary>The names of what was taken out.</summary>
    public IReadOnlyCollection<string> Removed => _removed;

    /// <summary>What the provider makes of pictures and documents beside their bytes, in tokens.</summary>
    public long MediaTokens { get; private set; }

    /// <summary>What the gateway writes itself, as it was asked for.</summary>
    public Dictionary<string, JsonElement> Held { get; } = new(StringComparer.Ordinal);

    /// <summary>Writes an object but for its end.</summary>
    /// <param name="body">What was asked.</param>
    /// <param name="shape">What may pass.</param>
    /// <param name="last">A member that stays open, for the gateway to write in; null: none.</param>
    /// <exception cref="RefusedRequestException">Something in it may not pass, and taking it out would make it another request.</exception>
    public void Begin(JsonElement body, Shape.Members shape, string? last)
    {
        writer.WriteStartObject();
        JsonElement? open = null;
        WriteMembers(body, shape, name => name == last, value => open = value);
        if (last is null) return;
        writer.WriteStartObject(last);
        if (open is not { ValueKind: not JsonValueKind.Null } inner) return;
        _path.Push(last);
        if (inner.ValueKind != JsonValueKind.Object) throw NoSuch("an object");
        WriteMembers(inner, (Shape.Members)shape.Known[last]);
        _path.Pop();
    }

    public void Remove(string name)
    {
        if (_removed.Count < MostNamed) _removed.Add(name);
    }

    private void Write(JsonElement value, Shape shape)
    {
        Step();
        if (value.ValueKind == JsonValueKind.Null)
        {
            writer.WriteNullValue();
            return;
        }

        switch (shape)
        {
            case Shape.OneValue or Shape.Remembered:
                if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) throw NoSuch("a plain value");
                value.WriteTo(writer);
                break;
            case Shape.Anything:
                value.WriteTo(writer);
                break;
            case Shape.Flat:
                if (value.ValueKind != JsonValueKind.Object) throw NoSuch("an object");
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject()) WriteMember(member.Name, member.Value, Shape.Plain);
                writer.WriteEndObject();
                break;
            case Shape.ListOf list:
                WriteList(value, list.Item);
                break;
            case Shape.TextOrElse either:
                Write(value, value.ValueKind == JsonValueKind.String ? Shape.Plain : either.Other);
                break;
            case Shape.Deferred deferred:
                Write(value, deferred.Shape());
                break;
            case Shape.Elsewhere elsewhere:
                throw FromElsewhere(elsewhere.What);
            case Shape.Refused refused:
                throw new RefusedRequestException(refused.Why);
            case Shape.Inline inline:
                if (value.ValueKind != JsonValueKind.String) throw NoSuch("a text");
                if (!value.GetString()!.StartsWith("data:", StringComparison.OrdinalIgnoreCase)) throw FromElsewhere(inline.What);
                value.WriteTo(writer);
                break;
            case Shape.Members members:
                WriteObject(value, members);
                break;
            case Shape.Tagged tagged:
                Write(value, KindOf(value, tagged));
                break;
            default:
                throw new InvalidOperationException($"unknown shape {shape}");
        }
    }

    private void WriteList(JsonElement value, Shape item)
    {
        if (value.ValueKind != JsonValueKind.Array) throw NoSuch("a list");
        writer.WriteStartArray();
        foreach (var one in value.EnumerateArray())
        {
            Step();
            if (item is not Shape.OneValue && one.ValueKind == JsonValueKind.Null) throw NoSuch("a list of what is there");
            if (!IsTakenOut(one, item)) Write(one, item);
        }

        writer.WriteEndArray();
    }

    /// <summary>Whether an item is one that may be missing and may not pass, such as a tool that the provider runs itself.</summary>
    private bool IsTakenOut(JsonElement item, Shape shape)
    {
        if (item.ValueKind != JsonValueKind.Object) return false;
        if (shape is Shape.Tagged { IsOptional: true } tagged && Text(item, tagged.Tag) is { } kind && tagged.Of(kind) is null)
        {
            Remove($"{Path()}/{RequestLog.Cut(kind)}");
            return true;
        }

        if (shape is not Shape.Members { IsOptional: true } members || HasNeeded(item, members)) return false;
        foreach (var member in item.EnumerateObject()) Remove($"{Path()}/{RequestLog.Cut(spell(member.Name))}");
        return true;
    }

    private Shape KindOf(JsonElement value, Shape.Tagged tagged)
    {
        if (value.ValueKind != JsonValueKind.Object) throw NoSuch("an object");
        var says = Tag(value, tagged.Tag);
        if (says is null) return tagged.Untagged ?? throw new RefusedRequestException($"{Path()} does not say of what {tagged.Tag} it is");
        if (tagged.Of(says) is { } known) return known;
        throw new RefusedRequestException($"the gateway does not pass on what is of the {tagged.Tag} {RequestLog.Cut(says)} in {Path()}");
    }

    private string? Tag(JsonElement value, string name)
    {
        if (!value.TryGetProperty(name, out var tag) || tag.ValueKind == JsonValueKind.Null) return null;
        return tag.ValueKind == JsonValueKind.String ? tag.GetString() : throw NoSuch($"something with a {name} that is a text");
    }

    private void WriteObject(JsonElement value, Shape.Members shape)
    {
        if (value.ValueKind != JsonValueKind.Object) throw NoSuch("an object");
        if (shape.Needs.Length > 0 && !HasNeeded(value, shape)) throw FromElsewhere($"what is meant in {Path()} does not stand there, and");
        if (shape.Tokens is { } tokens) MediaTokens += tokens(value);
        writer.WriteStartObject();
        WriteMembers(value, shape);
        writer.WriteEndObject();
    }

    private void WriteMembers(JsonElement value, Shape.Members shape, Predicate<string>? isAside = null, Action<JsonElement>? aside = null)
    {
        HashSet<string> written = new(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            Step();
            var name = spell(member.Name);
            if (!shape.Known.TryGetValue(name, out var known))
            {
                Remove(_path.Count == 0 ? RequestLog.Cut(name)! : $"{Path()}/{RequestLog.Cut(name)}");
                continue;
            }

            if (!written.Add(name)) throw new RefusedRequestException($"{name} stands in {Path()} in two spellings");
            if (known is Shape.HeldBack or Shape.Remembered) Held[name] = member.Value;
            if (isAside?.Invoke(name) == true) aside!(member.Value);
            else if (known is not (Shape.HeldBack or Shape.LeftOut)) WriteMember(name, member.Value, known);
        }
    }

    private void WriteMember(string name, JsonElement value, Shape shape)
    {
        writer.WritePropertyName(name);
        _path.Push(name);
        Write(value, shape);
        _path.Pop();
    }

    private bool HasNeeded(JsonElement value, Shape.Members shape)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && shape.Needs.Contains(spell(member.Name))) return true;
        }

        return false;
    }

    private static string? Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private string Path() => _path.Count == 0 ? "the request" : string.Join('/', _path.Reverse());

    private RefusedRequestException NoSuch(string what) => new($"{Path()} has to be {what}");

    private static RefusedRequestException FromElsewhere(string what) =>
        new($"{what} is taken from elsewhere: the gateway passes on what stands in the request itself");

    private void Step()
    {
        if (++_steps % StepsBetweenLooks == 0) over.ThrowIfCancellationRequested();
    }
}
