using System.Text;
using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Kernel.Contracts;

/// <summary>
/// Characters that no document may hold. Ids, paths, and names of variables: no control character and none that turns the direction of
/// writing, so that what is shown is what is used. Free text, which a contract declares by <c>"contentMediaType": "text/plain"</c>, and
/// words of commands, which it declares the same way: line breaks and tabs besides, but nothing that ends a C string or steers a terminal.
/// What a contract leaves open is free text.
/// </summary>
public static class TextRule
{
    /// <summary>The rule's name in problems.</summary>
    public const string Name = "control_character";

    /// <summary>The first character of a text that may not stand there; null when all may.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isFree">Whether it is free text.</param>
    public static Rune? Refused(string text, bool isFree)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsControl(c) ? !(isFree && IsBreak(text, i)) : !isFree && Turns(c)) return new Rune(c);
        }

        return null;
    }

    /// <summary>Whether a character steers a terminal or turns the direction of writing, so that not what stands there is seen.</summary>
    public static bool Misleads(char c) => char.IsControl(c) || Turns(c);

    /// <summary>A character as a problem names it, which does not show it.</summary>
    public static string Describe(Rune refused) => refused.Value switch
    {
        0 => "U+0000 (NUL)",
        0x1B => "U+001B (escape)",
        '\n' => "U+000A (line break)",
        '\r' => "U+000D (carriage return)",
        '\t' => "U+0009 (tab)",
        var value when Turns((char)value) => $"U+{value:X4} (it turns the direction of writing)",
        var value => $"U+{value:X4} (a control character)",
    };

    /// <summary>Everything that a document of a contract holds and may not.</summary>
    internal static IReadOnlyList<InputProblem> Problems(InputDocument document, JsonElement contract)
    {
        var walk = new Walk(document, contract);
        walk.Value(document.Root, [contract], "", isOpen: false);
        return walk.Problems;
    }

    /// <summary>A line break is a line feed, alone or after a carriage return; a carriage return alone would overwrite a line.</summary>
    private static bool IsBreak(string text, int at) =>
        text[at] is '\n' or '\t' || (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n');

    private static bool Turns(char c) => c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>Goes through a document beside its contract, which says of each string what it is.</summary>
    private sealed class Walk(InputDocument document, JsonElement contract)
    {
        private const string Others = "additionalProperties";

        private static readonly string[] Alternatives = ["allOf", "anyOf", "oneOf"];

        public List<InputProblem> Problems { get; } = [];

        /// <summary>Looks at a value and all that it holds.</summary>
        /// <param name="value">The value.</param>
        /// <param name="schemas">What the contract says of it.</param>
        /// <param name="pointer">Where it stands.</param>
        /// <param name="isOpen">Whether the contract says nothing of it, as of the settings of somebody's own strategy.</param>
        public void Value(JsonElement value, IEnumerable<JsonElement> schemas, string pointer, bool isOpen)
        {
            var all = new List<JsonElement>();
            foreach (var schema in schemas) Gather(schema, all, []);
            switch (value.ValueKind)
            {
                case JsonValueKind.String:
                    var isFree = isOpen || all.Exists(static s => s.TryGetProperty("contentMediaType", out _));
                    if (Refused(value.GetString()!, isFree) is { } refused) Refuse(pointer, "", refused, isFree);
                    break;
                case JsonValueKind.Array:
                    for (var i = 0; i < value.GetArrayLength(); i++)
                    {
                        Value(value[i], Members(all, "items"), JsonPointer.Append(pointer, i), isOpen);
                    }

                    break;
                case JsonValueKind.Object:
                    var isBag = isOpen || !all.Exists(static s => s.TryGetProperty("properties", out _) || s.TryGetProperty(Others, out _));
                    foreach (var property in value.EnumerateObject()) Property(property, all, pointer, isBag);
                    break;
            }
        }

        private void Property(JsonProperty property, List<JsonElement> schemas, string pointer, bool isBag)
        {
            if (Refused(property.Name, isFree: false) is { } refused)
            {
                Refuse(pointer, "the name of a key ", refused, isFree: false);
                return;
            }

            var own = Members(Members(schemas, "properties"), property.Name).ToList();
            var of = own.Count > 0 ? own : Members(schemas, Others);
            Value(property.Value, of, JsonPointer.Append(pointer, property.Name), isBag && own.Count == 0);
        }

        private static IEnumerable<JsonElement> Members(IEnumerable<JsonElement> schemas, string keyword) =>
            schemas.Select(s => s.TryGetProperty(keyword, out var of) ? of : (JsonElement?)null).OfType<JsonElement>();

        /// <summary>A schema with those that it refers to and is put together from.</summary>
        private void Gather(JsonElement schema, List<JsonElement> all, HashSet<string> followed)
        {
            if (schema.ValueKind != JsonValueKind.Object) return;
            all.Add(schema);
            if (schema.TryGetProperty("$ref", out var to) && followed.Add(to.GetString()!)
                && JsonPointer.Find(contract, to.GetString()![1..]) is { } of)
            {
                Gather(of, all, followed);
            }

            foreach (var keyword in Alternatives)
            {
                if (!schema.TryGetProperty(keyword, out var members)) continue;
                foreach (var member in members.EnumerateArray()) Gather(member, all, followed);
            }
        }

        private void Refuse(string pointer, string what, Rune refused, bool isFree)
        {
            var where = isFree ? "in a text" : "in an id, a path or a name";
            Problems.Add(document.Problem(pointer, Name, $"{what}holds {Describe(refused)}, which may not stand {where}: take it out"));
        }
    }
}
