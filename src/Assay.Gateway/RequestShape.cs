using System.Collections.Frozen;
using System.Text.Json;

namespace Assay.Gateway;

/// <summary>
/// What may stand at one place of a request. A list is no single thing in its place, and the other way round: servers take the one for the
/// other, and what was not looked at would pass.
/// </summary>
internal abstract record Shape
{
    /// <summary>A text, a number, true or false.</summary>
    public static readonly Shape Plain = new OneValue();

    /// <summary>What the model or the agent reads as data: arguments of a tool, a schema.</summary>
    public static readonly Shape Data = new Anything();

    /// <summary>An object of plain values under any names.</summary>
    public static readonly Shape Labels = new Flat();

    /// <summary>Kept aside, and written by the gateway itself.</summary>
    public static readonly Shape Ours = new HeldBack();

    /// <summary>Written, and kept aside too.</summary>
    public static readonly Shape Noted = new Remembered();

    /// <summary>Left out without a word: it would name something that the provider keeps, and means nothing by itself.</summary>
    public static readonly Shape Dropped = new LeftOut();

    public static Shape List(Shape item) => new ListOf(item);

    public static Shape TextOr(Shape other) => new TextOrElse(other);

    /// <summary>A shape that holds itself.</summary>
    public static Shape Later(Func<Shape> shape) => new Deferred(shape);

    public static Members Object(params ReadOnlySpan<(string Name, Shape Shape)> members) =>
        new(members.ToArray().ToFrozenDictionary(m => m.Name, m => m.Shape));

    public sealed record OneValue : Shape;

    public sealed record Anything : Shape;

    public sealed record Flat : Shape;

    public sealed record HeldBack : Shape;

    public sealed record Remembered : Shape;

    public sealed record LeftOut : Shape;

    public sealed record ListOf(Shape Item) : Shape;

    public sealed record TextOrElse(Shape Other) : Shape;

    public sealed record Deferred(Func<Shape> Shape) : Shape;

    /// <summary>What the provider would take from elsewhere.</summary>
    public sealed record Elsewhere(string What) : Shape;

    /// <summary>What may not be asked for.</summary>
    public sealed record Refused(string Why) : Shape;

    /// <summary>A file that stands in the request itself: an address that begins with <c>data:</c>.</summary>
    public sealed record Inline(string What) : Shape;

    /// <summary>An object of which these members pass; others are taken out and named.</summary>
    public sealed record Members(FrozenDictionary<string, Shape> Known) : Shape
    {
        /// <summary>One of these has to be there; none: all is well without.</summary>
        public string[] Needs { get; init; } = [];

        /// <summary>Whether an item of a list that has none of them is taken out, and not refused.</summary>
        public bool IsOptional { get; init; }

        /// <summary>What the provider makes of it beside its bytes, in tokens of input.</summary>
        public Func<JsonElement, long>? Tokens { get; init; }
    }

    /// <summary>An object that says what it is; one that says something else does not pass.</summary>
    /// <param name="Tag">Where it says so.</param>
    /// <param name="Kinds">What it may be; a name with a star at its end means all that begin so.</param>
    public sealed record Tagged(string Tag, FrozenDictionary<string, Shape> Kinds) : Shape
    {
        public Tagged(string tag, params ReadOnlySpan<(string Kind, Shape Shape)> kinds)
            : this(tag, kinds.ToArray().ToFrozenDictionary(k => k.Kind, k => k.Shape))
        {
        }

        /// <summary>What it is when it does not say; null: then it does not pass.</summary>
        public Shape? Untagged { get; init; }

        /// <summary>Whether an item of a list that is something else is taken out, and not refused.</summary>
        public bool IsOptional { get; init; }

        public Shape? Of(string kind)
        {
            if (Kinds.TryGetValue(kind, out var exact) && !kind.EndsWith('*')) return exact;
            return Kinds.FirstOrDefault(k => k.Key.EndsWith('*') && kind.StartsWith(k.Key[..^1], StringComparison.Ordinal)).Value;
        }
    }
}
