namespace Assay.Checks;

/// <summary>
/// Finds what merges leave: lines of seven <c>&lt;</c>, <c>|</c>, <c>=</c>, <c>&gt;</c> or more (conflict-marker-size of git). With a word
/// behind it each but the third tells by itself; bare ones, as <c>patch --merge</c> writes them, tell together.
/// </summary>
internal struct ConflictMarks
{
    private const int Shortest = 7;

    private (int Line, int Length) _open;
    private bool _isParted;

    /// <summary>Takes the next line. Returns the line with which a conflict begins that it shows; null: it shows none.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="number">Its number.</param>
    public int? Take(ReadOnlySpan<byte> line, int number)
    {
        if (line.IsEmpty || !"<|=>"u8.Contains(line[0])) return null;
        var mark = line[0];
        var length = line.IndexOfAnyExcept(mark) is >= 0 and var end ? end : line.Length;
        if (length < Shortest) return null;
        var rest = line[length..];
        if (!rest.IsEmpty && rest[0] is not ((byte)' ' or (byte)'\t')) return null;
        if (mark != '=' && !rest.TrimStart(" \t"u8).IsEmpty) return number;
        if (mark == '<') (_open, _isParted) = ((number, length), false);
        else if (length != _open.Length) return null;
        else if (mark == '=') _isParted = true;
        else if (mark == '>' && _isParted) return _open.Line;
        return null;
    }
}
