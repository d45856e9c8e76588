using System.Text;
using System.Text.Json;
using Assay.Lanes.Shared;
using Assay.Native;

namespace Assay.Observe;

/// <summary>Reads the end of a log of output.</summary>
internal static class OutputTail
{
    private const int MaxBytes = 256 * 1024;

    /// <summary>The last lines; lines that are torn or no JSON are left out.</summary>
    /// <param name="root">The project's absolute folder.</param>
    /// <param name="path">The log's path below it.</param>
    /// <param name="lines">How many.</param>
    public static IReadOnlyList<OutputLine> Read(string root, string path, int lines)
    {
        try
        {
            using var top = FolderHandle.OpenNamed(root);
            using var file = top.OpenFile(path);
            if (file.Handle is not { } handle) return [];
            var tail = new byte[Math.Min(file.SizeBytes, MaxBytes)];
            var length = RandomAccess.Read(handle, tail, file.SizeBytes - tail.Length);
            return [.. Encoding.UTF8.GetString(tail, 0, length).Split('\n').Select(Parse).OfType<OutputLine>().TakeLast(lines)];
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
