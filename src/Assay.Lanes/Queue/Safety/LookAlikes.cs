using System.Globalization;
using System.Text;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What a character is read as: <c>look-alikes.txt</c>, and small letters for capitals.</summary>
internal static class LookAlikes
{
    private static readonly Lazy<Dictionary<int, string>> All = new(Read);

    /// <summary>What a character is read as; null: it stands for itself.</summary>
    public static string? Of(char c) => Of((int)c);

    /// <summary>What a code point beyond ASCII is read as; null: it stands for itself.</summary>
    public static string? Of(int codePoint) => codePoint < 0x80 ? null : All.Value.GetValueOrDefault(codePoint);

    private static Dictionary<int, string> Read()
    {
        using var stream = typeof(LookAlikes).Assembly.GetManifestResourceStream("safety/look-alikes.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var all = new Dictionary<int, string>(2200);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("# ", StringComparison.Ordinal)) continue;
            var fields = line.Split(' ');
            foreach (var range in fields.AsSpan(1))
            {
                var ends = range.Split('-');
                var first = int.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                var last = ends.Length == 1 ? first : int.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                for (var point = first; point <= last; point++) all[point] = fields[0];
            }
        }

        return all;
    }
}
