using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// What this process noted of copies, as long as there is room: to read the note of a large tree takes longer than to use it.
/// </summary>
internal static class SnapshotMemory
{
    /// <summary>Files of all notes together, of which each takes some hundred bytes.</summary>
    private const int MostFiles = 2_000_000;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<(string Place, string Name), Noted> Notes = [];
    private static long _files;
    private static long _uses;

    /// <summary>Remembers a note.</summary>
    /// <param name="place">The absolute path of the folder of the copies.</param>
    /// <param name="name">Of which tree it is.</param>
    /// <param name="noted">What it says.</param>
    public static void Keep(string place, string name, Noted noted)
    {
        lock (Gate)
        {
            Forget((place, name));
            while (_files + noted.Files > MostFiles && Notes.Count > 0) Forget(Notes.MinBy(n => n.Value.Used).Key);
            noted.Used = ++_uses;
            Notes.Add((place, name), noted);
            _files += noted.Files;
        }
    }

    /// <summary>What was noted; null when this process has not, or has forgotten it.</summary>
    public static Noted? Find(string place, string name)
    {
        lock (Gate)
        {
            if (!Notes.TryGetValue((place, name), out var noted)) return null;
            noted.Used = ++_uses;
            return noted;
        }
    }

    /// <summary>The folder of the copies is another one now.</summary>
    public static void Move(string place, string to)
    {
        lock (Gate)
        {
            foreach (var (key, noted) in Notes.Where(n => n.Key.Place == place).ToList())
            {
                Notes.Remove(key);
                Notes[(to, key.Name)] = noted;
            }
        }
    }

    /// <summary>The copies of a folder are there no more.</summary>
    public static void Forget(string place)
    {
        lock (Gate)
        {
            var gone = Notes.Keys.Where(k => k.Place == place || k.Place.StartsWith($"{place}/", StringComparison.Ordinal)).ToList();
            foreach (var key in gone) Forget(key);
        }
    }

    /// <summary>A note is there no more.</summary>
    public static void Forget(string place, string name)
    {
        lock (Gate) Forget((place, name));
    }

    private static void Forget((string, string) key)
    {
        if (Notes.Remove(key, out var noted)) _files -= noted.Files;
    }
}

/// <summary>A note of this process.</summary>
/// <param name="All">What the file with all says; null: that was not noted by this process.</param>
/// <param name="Snapshot">What it says together with the one of what has changed since.</param>
/// <param name="Stamps">How the two files lie there.</param>
internal sealed record Noted(TreeSnapshot? All, TreeSnapshot Snapshot, (FileStamp? All, FileStamp? Changes) Stamps)
{
    /// <summary>What it takes of the room.</summary>
    public int Files => Snapshot.Entries.Count;

    /// <summary>When it was used last, in the order of all uses.</summary>
    public long Used { get; set; }
}
