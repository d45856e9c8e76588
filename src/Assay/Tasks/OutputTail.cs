using System.Text;
using System.Text.Json;

namespace Assay.Tasks;

/// <summary>A line that a task printed.</summary>
/// <param name="Time">When, as the log has it.</param>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Text">The line.</param>
public sealed record OutputLine(string Time, string Stream, string Text);

/// <summary>Reads the end of a log of output.</summary>
internal static class OutputTail
{
    private const int MaxBytes = 256 * 1024;

    /// <summary>The last lines; lines that are torn or no JSON are left out.</summary>
    public static IReadOnlyList<OutputLine> Read(string path, int lines)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(Math.Max(0, file.Length - MaxBytes), SeekOrigin.Begin);
            using var reader = new StreamReader(file, Encoding.UTF8);
            return [.. reader.ReadToEnd().Split('\n').Select(Parse).OfType<OutputLine>().TakeLast(lines)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static OutputLine? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            return new OutputLine(root.GetProperty("t").GetString()!, root.GetProperty("stream").GetString() == "stderr" ? "stderr" : "stdout", root.GetProperty("text").GetString()!);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
