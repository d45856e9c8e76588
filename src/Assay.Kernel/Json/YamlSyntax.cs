using System.Text;
using System.Text.Unicode;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Assay.Kernel.Json;

/// <summary>Whether a text is YAML at all, whatever it says: anchors, tags and several documents are. Nothing of it is expanded.</summary>
public static class YamlSyntax
{
    /// <summary>What is wrong first; null: nothing.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="source">How errors name it.</param>
    /// <param name="maxDepth">The deepest nesting.</param>
    public static InputProblem? Problem(ReadOnlyMemory<byte> utf8, string source, int maxDepth)
    {
        if (!Utf8.IsValid(utf8.Span)) return new InputProblem(source, "", "encoding", "is not valid UTF-8");
        var last = Mark.Empty;
        try
        {
            var parser = new Parser(new StringReader(Encoding.UTF8.GetString(utf8.Span)));
            for (var depth = 0; parser.MoveNext();)
            {
                last = parser.Current!.End;
                depth += parser.Current switch
                {
                    MappingStart or SequenceStart => 1,
                    MappingEnd or SequenceEnd => -1,
                    _ => 0,
                };
                if (depth <= maxDepth) continue;
                return new InputProblem(source, "", "depth", $"is nested deeper than {maxDepth}", (int)last.Line, (int)last.Column);
            }

            return null;
        }
        catch (YamlException e)
        {
            return new InputProblem(source, "", "syntax", e.Message, (int)e.Start.Line, (int)e.Start.Column);
        }
        catch (InvalidOperationException)
        {
            // The parser's own, for some texts that are no YAML: it says neither what nor where.
            return new InputProblem(source, "", "syntax", "is no YAML behind this place", (int)last.Line, (int)last.Column);
        }
    }
}
