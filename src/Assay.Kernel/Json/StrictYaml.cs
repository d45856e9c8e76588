using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Assay.Kernel.Json;

/// <summary>
/// Reads the part of YAML 1.2 that means the same as JSON (its core schema): one document, string keys, no aliases, anchors or
/// tags, no duplicate keys.
/// </summary>
public static partial class StrictYaml
{
    internal static Checked<InputDocument> Parse(ReadOnlyMemory<byte> utf8, string source, int maxDepth)
    {
        if (!Utf8.IsValid(utf8.Span)) return new InputProblem(source, "", "encoding", "is not valid UTF-8");
        var buffer = new ArrayBufferWriter<byte>(utf8.Length + 64);
        using var json = new Utf8JsonWriter(buffer);
        var translator = new Translator(source, json, maxDepth);
        try
        {
            translator.Run(new Parser(new StringReader(Encoding.UTF8.GetString(utf8.Span))));
        }
        catch (RefusedException e)
        {
            return e.Problem;
        }
        catch (YamlException e)
        {
            return new InputProblem(source, "", "syntax", e.Message, (int)e.Start.Line, (int)e.Start.Column);
        }

        catch (InvalidOperationException)
        {
            // The parser's own, for some texts that are no YAML: it says neither what nor where, so what was read last has to do.
            var (line, column) = translator.Last;
            return new InputProblem(source, "", "syntax", "is no YAML behind this place: look for a bracket, quote or indent that is not closed", line, column);
        }

        json.Flush();
        var root = StrictJson.Parse(buffer.WrittenMemory, source, maxDepth);
        return root.IsValid
            ? new InputDocument(source, root.Value, translator.Locate)
            : new InputProblem(source, "", root.Problems[0].Rule, root.Problems[0].Message);
    }

    [GeneratedRegex(@"^[-+]?[0-9]+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Float();

    [GeneratedRegex(@"^(0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NoJsonNumber();

    private sealed class RefusedException(InputProblem problem) : Exception(problem.Message)
    {
        public InputProblem Problem { get; } = problem;
    }

    private sealed class Translator(string source, Utf8JsonWriter json, int maxDepth)
    {
        private readonly Dictionary<string, (int Line, int Column)> _marks = new(StringComparer.Ordinal);

        /// <summary>Where the last value that was read began.</summary>
        public (int Line, int Column) Last { get; private set; } = (1, 1);

        public (int Line, int Column) Locate(string pointer)
        {
            for (var at = pointer; ; at = at[..at.LastIndexOf('/')])
            {
                if (_marks.TryGetValue(at, out var mark)) return mark;
                if (at.Length == 0) return (1, 1);
            }
        }

        public void Run(IParser parser)
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _)) throw Refuse(parser.Current, "", "syntax", "is empty");
            Value(parser, "", 0);
            parser.Consume<DocumentEnd>();
            if (parser.Current is DocumentStart second) throw Refuse(second, "", "syntax", "holds more than one document");
        }

        private void Value(IParser parser, string pointer, int depth)
        {
            var node = parser.Current;
            if (node is not null) _marks[pointer] = Last = Mark(node);
            if (depth > maxDepth) throw Refuse(node, pointer, "syntax", $"is nested deeper than {maxDepth} levels");
            if (node is AnchorAlias) throw Refuse(node, pointer, "yaml_alias", "aliases are refused: write the value out");
            if (node is NodeEvent { Anchor.IsEmpty: false }) throw Refuse(node, pointer, "yaml_alias", "anchors are refused: write the value out");
            if (node is NodeEvent { Tag.IsEmpty: false }) throw Refuse(node, pointer, "yaml_tag", "tags are refused: write a plain value");
            if (parser.TryConsume<Scalar>(out var scalar)) Plain(scalar, pointer);
            else if (parser.TryConsume<SequenceStart>(out _)) Sequence(parser, pointer, depth);
            else if (parser.TryConsume<MappingStart>(out _)) Mapping(parser, pointer, depth);
            else throw Refuse(node, pointer, "syntax", "a value is expected here");
        }

        private void Sequence(IParser parser, string pointer, int depth)
        {
            json.WriteStartArray();
            for (var index = 0; !parser.TryConsume<SequenceEnd>(out _); index++) Value(parser, JsonPointer.Append(pointer, index), depth + 1);
            json.WriteEndArray();
        }

        private void Mapping(IParser parser, string pointer, int depth)
        {
            json.WriteStartObject();
            var keys = new HashSet<string>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var at = parser.Current;
                if (at is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
                {
                    throw Refuse(at, pointer, "yaml_alias", "aliases and anchors are refused: write the value out");
                }

                if (!parser.TryConsume<Scalar>(out var key)) throw Refuse(at, pointer, "syntax", "a key must be a string");
                if (!keys.Add(key.Value)) throw Refuse(key, pointer, "duplicate_key", $"the key \"{key.Value}\" appears twice");
                json.WritePropertyName(key.Value);
                Value(parser, JsonPointer.Append(pointer, key.Value), depth + 1);
            }

            json.WriteEndObject();
        }

        private void Plain(Scalar scalar, string pointer)
        {
            var text = scalar.Value;
            if (scalar.Style != ScalarStyle.Plain) json.WriteStringValue(text);
            else if (text is "" or "~" or "null" or "Null" or "NULL") json.WriteNullValue();
            else if (text is "true" or "True" or "TRUE") json.WriteBooleanValue(true);
            else if (text is "false" or "False" or "FALSE") json.WriteBooleanValue(false);
            else if (NoJsonNumber().IsMatch(text)) throw Refuse(scalar, pointer, "number", $"{text} has no JSON form: write a decimal number, or quote it");
            else if (Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            {
                json.WriteNumberValue(whole);
            }
            else if (Float().IsMatch(text)) Number(scalar, pointer);
            else json.WriteStringValue(text);
        }

        private void Number(Scalar scalar, string pointer)
        {
            var number = double.Parse(scalar.Value, CultureInfo.InvariantCulture);
            if (!double.IsFinite(number)) throw Refuse(scalar, pointer, "number", "the number does not fit a double");
            json.WriteNumberValue(number);
        }

        private RefusedException Refuse(ParsingEvent? at, string pointer, string rule, string message)
        {
            var (line, column) = at is null ? (1, 1) : Mark(at);
            return new RefusedException(new InputProblem(source, pointer, rule, message, line, column));
        }

        private static (int Line, int Column) Mark(ParsingEvent at) => ((int)at.Start.Line, (int)at.Start.Column);
    }
}
