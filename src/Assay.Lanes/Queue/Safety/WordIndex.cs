using System.Collections.Immutable;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Finds in one pass which of many words a text holds (Aho and Corasick 1975).</summary>
internal sealed class WordIndex
{
    /// <summary>Small letters, digits, a space, and all else as one: such a word is found where another of its kind stands, and what looks closer sees that.</summary>
    private const int Alphabet = 38;

    private const int Other = 37;

    private static readonly byte[] Classes = [.. Enumerable.Range(0, 128).Select(static c => (byte)Class((char)c))];

    private readonly int[] _next;
    private readonly ImmutableArray<int>[] _sets;

    /// <param name="words">Each with the set that it belongs to.</param>
    public WordIndex(IEnumerable<(string Word, int Set)> words)
    {
        var next = new List<int[]> { NewState() };
        var sets = new List<ImmutableArray<int>> { ImmutableArray<int>.Empty };
        foreach (var (word, set) in words)
        {
            var state = 0;
            foreach (var c in word)
            {
                ref var to = ref next[state][Of(c)];
                if (to < 0)
                {
                    to = next.Count;
                    next.Add(NewState());
                    sets.Add(ImmutableArray<int>.Empty);
                }

                state = to;
            }

            sets[state] = Both(sets[state], [set]);
        }

        Complete(next, sets);
        _next = [.. next.SelectMany(static s => s)];
        _sets = [.. sets];
    }

    /// <summary>Marks the sets of which a text holds a word.</summary>
    public void Mark(ReadOnlySpan<char> text, Span<bool> marked)
    {
        var state = 0;
        foreach (var c in text)
        {
            state = _next[(state * Alphabet) + Of(c)];
            foreach (var set in _sets[state]) marked[set] = true;
        }
    }

    private static int Of(char c) => c < 128 ? Classes[c] : Other;

    private static int Class(char c) => c switch
    {
        >= 'a' and <= 'z' => c - 'a',
        >= 'A' and <= 'Z' => c - 'A',
        >= '0' and <= '9' => 26 + c - '0',
        ' ' => 36,
        _ => Other,
    };

    private static ImmutableArray<int> Both(ImmutableArray<int> one, ImmutableArray<int> other) =>
        one.IsEmpty ? other : other.IsEmpty ? one : [.. one.Union(other)];

    private static int[] NewState()
    {
        var state = new int[Alphabet];
        Array.Fill(state, -1);
        return state;
    }

    /// <summary>Gives every state a next one for every character: that of the longest end of what was read which begins a word.</summary>
    private static void Complete(List<int[]> next, List<ImmutableArray<int>> sets)
    {
        var fallback = new int[next.Count];
        var open = new Queue<int>();
        for (var c = 0; c < Alphabet; c++)
        {
            ref var to = ref next[0][c];
            if (to < 0) to = 0;
            else open.Enqueue(to);
        }

        while (open.TryDequeue(out var state))
        {
            sets[state] = Both(sets[state], sets[fallback[state]]);
            for (var c = 0; c < Alphabet; c++)
            {
                ref var to = ref next[state][c];
                var shorter = next[fallback[state]][c];
                if (to < 0)
                {
                    to = shorter;
                    continue;
                }

                fallback[to] = shorter;
                open.Enqueue(to);
            }
        }
    }
}
