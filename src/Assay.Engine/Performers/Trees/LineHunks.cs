using System.Text;
using DiffPlex;
using DiffPlex.Model;

namespace Assay.Engine.Performers.Trees;

/// <summary>The hunks of a unified diff between two texts, whose lines end with a line feed and with nothing else.</summary>
internal static class LineHunks
{
    private const int Context = 3;

    private static readonly LineChunker Chunker = new();

    /// <summary>The hunks; none when the texts are the same.</summary>
    /// <param name="before">One text.</param>
    /// <param name="after">The other.</param>
    public static Hunks Of(byte[] before, byte[] after)
    {
        var output = new StringBuilder();
        var diff = Differ.Instance.CreateDiffs(
            Encoding.Latin1.GetString(before), Encoding.Latin1.GetString(after), ignoreWhiteSpace: false, ignoreCase: false, Chunker);
        var blocks = diff.DiffBlocks.OrderBy(b => b.DeleteStartA).ThenBy(b => b.InsertStartB).ToList();
        for (var i = 0; i < blocks.Count;)
        {
            var last = i;
            while (last + 1 < blocks.Count && blocks[last + 1].DeleteStartA - EndOf(blocks[last]) <= 2 * Context) last++;
            WriteHunk(diff, blocks[i..(last + 1)], output);
            i = last + 1;
        }

        return new Hunks(output.ToString(), blocks.Sum(b => (long)b.InsertCountB), blocks.Sum(b => (long)b.DeleteCountA));
    }

    private static int EndOf(DiffBlock block) => block.DeleteStartA + block.DeleteCountA;

    private static void WriteHunk(DiffResult diff, List<DiffBlock> blocks, StringBuilder output)
    {
        var (first, last) = (blocks[0], blocks[^1]);
        var lead = Math.Min(Context, first.DeleteStartA);
        var trail = Math.Min(Context, diff.PiecesOld.Count - EndOf(last));
        var (oldStart, newStart) = (first.DeleteStartA - lead, first.InsertStartB - lead);
        var oldCount = EndOf(last) + trail - oldStart;
        var newCount = last.InsertStartB + last.InsertCountB + trail - newStart;
        output.Append("@@ -").Append(Range(oldStart, oldCount)).Append(" +").Append(Range(newStart, newCount)).Append(" @@\n");
        var at = oldStart;
        foreach (var block in blocks)
        {
            Write(output, ' ', diff.PiecesOld, at, block.DeleteStartA);
            Write(output, '-', diff.PiecesOld, block.DeleteStartA, EndOf(block));
            Write(output, '+', diff.PiecesNew, block.InsertStartB, block.InsertStartB + block.InsertCountB);
            at = EndOf(block);
        }

        Write(output, ' ', diff.PiecesOld, at, at + trail);
    }

    /// <summary>Lines count from 1; an empty range stands behind the line that it names.</summary>
    private static string Range(int start, int count) => count == 1 ? $"{start + 1}" : $"{(count == 0 ? start : start + 1)},{count}";

    private static void Write(StringBuilder output, char sign, IReadOnlyList<string> lines, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            output.Append(sign).Append(lines[i]);
            if (!lines[i].EndsWith('\n')) output.Append("\n\\ No newline at end of file\n");
        }
    }

    /// <summary>Lines with their ends, since a carriage return is a part of its line.</summary>
    private sealed class LineChunker : IChunker
    {
        public IReadOnlyList<string> Chunk(string text)
        {
            var lines = new List<string>();
            for (var start = 0; start < text.Length;)
            {
                var end = text.IndexOf('\n', start) is >= 0 and var found ? found + 1 : text.Length;
                lines.Add(text[start..end]);
                start = end;
            }

            return lines;
        }
    }
}
