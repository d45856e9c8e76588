namespace Assay.Lanes.Queue.Safety;

/// <summary>A text that was made from another, each of whose characters still knows where it came from.</summary>
internal sealed class MappedText(int capacity)
{
    private char[] _text = new char[Math.Max(capacity, 16)];
    private int[] _from = new int[Math.Max(capacity, 16)];

    public int Length { get; private set; }

    public ReadOnlySpan<char> Text => _text.AsSpan(0, Length);

    public char this[int at] => _text[at];

    /// <summary>Where a character stood in the first text.</summary>
    public int From(int at) => _from[at];

    public void Add(char c, int from)
    {
        if (Length == _text.Length)
        {
            Array.Resize(ref _text, Length * 2);
            Array.Resize(ref _from, Length * 2);
        }

        (_text[Length], _from[Length]) = (c, from);
        Length++;
    }

    /// <summary>One space, unless there is one already.</summary>
    public void AddSpace(int from)
    {
        if (Length > 0 && _text[Length - 1] != ' ') Add(' ', from);
    }
}
