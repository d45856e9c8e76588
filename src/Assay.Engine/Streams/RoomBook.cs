using System.Diagnostics;
using System.Globalization;
using System.Text;
using Assay.Engine.Native;
using Assay.Engine.Performers.Process;
using Assay.Native;
using Microsoft.Win32.SafeHandles;

namespace Assay.Engine.Streams;

/// <summary>
/// How much memory each process of Assay on this host has taken for what it runs, so that several of them take no more together than there
/// is: a file for each, in a folder that only this user may write. A process that is gone has taken nothing. Who has waited longest comes
/// next, so that what needs much is not passed for ever. Users do not see each other, nor do those to whom their container shows another
/// amount of memory; and work that Assay runs waits for nobody, since it is in the book already with those who started it.
/// </summary>
internal sealed class RoomBook : IDisposable
{
    /// <summary>Who waits writes so again whenever it looks; who has not for so long has stopped, and nobody waits for it.</summary>
    private static readonly long Waits = 2 * Stopwatch.Frequency;

    private const int EntryBytes = 4 * 20;

    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly Lazy<RoomBook?> Own = new(() => IsWork ? null : TryOpen(OwnFolder()));

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly string _name = $"{ProcessIdentity.Own.Pid}-{ProcessIdentity.Own.StartTicks}-{ProcFs.PidNamespace}-{Guid.NewGuid():N}";
    private readonly FolderHandle _folder;
    private readonly SafeFileHandle _file;
    private Entry _entry;

    private RoomBook(string path, FolderHandle folder)
    {
        (_path, _folder) = (path, folder);
        _file = folder.Create(_name);
        Write(default);
    }

    /// <summary>The book of this process; null where its user can have no folder of their own.</summary>
    public static RoomBook? OfThisProcess => Own.Value;

    /// <summary>A book in a folder, which is made where it is not there; null where it cannot be, or where others may write in it.</summary>
    public static RoomBook? TryOpen(string path)
    {
        try
        {
            Directory.CreateDirectory(path, OnlyOwner);
            var folder = FolderHandle.OpenNamed(path);
            if (folder.IsWrittenByOwnerAlone()) return new RoomBook(path, folder);
            folder.Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Takes memory, unless all of them would then have taken more than there is.</summary>
    /// <param name="bytes">How much.</param>
    /// <param name="most">How much there is.</param>
    public bool TryTake(long bytes, long most)
    {
        lock (_gate)
        {
            // Written down before it is looked: of two that come at once, at least one sees the other.
            var (before, now) = (_entry, Stopwatch.GetTimestamp());
            Write(before with { Wanted = bytes, LookedAt = now });
            var others = Others();
            var isNext = !others.Any(o => o.Value.IsWaiting(now) && IsBefore(o.Key, o.Value.Since, before.Since));
            if (isNext && IsRoom(bytes, others, now, most))
            {
                Write(new Entry(before.Taken + bytes, Wanted: 0, Since: 0, now));

                // Who was stopped meanwhile is reckoned with no more, and what it saw may be taken.
                if (Stopwatch.GetTimestamp() - now < Waits / 2 || IsRoom(0, Others(), Stopwatch.GetTimestamp(), most)) return true;
            }

            Write(new Entry(before.Taken, Wanted: 0, before.Since > 0 ? before.Since : now, now));
            return false;
        }
    }

    private bool IsRoom(long more, Dictionary<string, Entry> others, long now, long most) =>
        _entry.Taken + more + others.Values.Sum(o => o.Taken + (o.IsLooking(now) ? o.Wanted : 0)) <= most;

    /// <summary>Whether another process that waits comes before this one, which waits since then, or has just come (0).</summary>
    private bool IsBefore(string name, long since, long own) =>
        own == 0 || since < own || (since == own && string.CompareOrdinal(name, _name) < 0);

    /// <summary>Nobody waits here any more.</summary>
    public void StopWaiting()
    {
        lock (_gate)
        {
            if (_entry.Since > 0) Write(_entry with { Since = 0 });
        }
    }

    /// <summary>Takes memory whatever others have, or gives some back.</summary>
    public void Take(long bytes)
    {
        if (bytes == 0) return;
        lock (_gate) Write(_entry with { Taken = _entry.Taken + bytes });
    }

    /// <summary>Whatever was taken is free.</summary>
    public void Dispose()
    {
        _folder.Unlink(_name);
        _file.Dispose();
        _folder.Dispose();
    }

    private static bool IsWork => Environment.GetEnvironmentVariable(ProcessPerformer.MarkVariable) is { Length: > 0 };

    private static string OwnFolder()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"assay-room-{HostRoom.MemoryBytes()}");
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is ['/', ..] runtime && Directory.Exists(runtime)) return $"{runtime}/{name}";
        return Libc.GetEUid() == 0 ? $"/run/{name}" : $"/tmp/{name}-{Libc.GetEUid()}";
    }

    private void Write(Entry entry)
    {
        _entry = entry;
        try
        {
            RandomAccess.Write(_file, Encoding.ASCII.GetBytes(entry.ToString()), 0);
        }
        catch (IOException)
        {
            // A full disk: others reckon with what stood there before, until it can be written again.
        }
    }

    /// <summary>The other processes that live, by their files. Files of those that are gone go.</summary>
    private Dictionary<string, Entry> Others()
    {
        var living = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var name in Directory.EnumerateFiles(_path).Select(p => Path.GetFileName(p)).Where(n => n != _name))
        {
            var isKnown = name.Split('-') is [_, _, var pids, ..] && pids == ProcFs.PidNamespace;
            if (!isKnown || ProcessIdentity.FromName(name) is not { } owner) continue;
            if (owner.IsAlive()) living.Add(name, Read(name));
            else _folder.Unlink(name);
        }

        return living;
    }

    private Entry Read(string name)
    {
        using var file = _folder.OpenFile(name);
        return file.Handle is null ? default : Entry.Parse(Encoding.ASCII.GetString(file.ReadAll(EntryBytes)));
    }

    /// <summary>What stands in a file.</summary>
    /// <param name="Taken">Memory in bytes.</param>
    /// <param name="Wanted">What it is about to take if there is room.</param>
    /// <param name="Since">Since when it waits, by the host's steady clock; 0: it does not.</param>
    /// <param name="LookedAt">When it looked last.</param>
    private readonly record struct Entry(long Taken, long Wanted, long Since, long LookedAt)
    {
        public bool IsLooking(long now) => now - LookedAt < Waits;

        public bool IsWaiting(long now) => Since > 0 && IsLooking(now);

        public static Entry Parse(string text)
        {
            var numbers = text.Split(' ').Select(n => long.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0).ToList();
            return numbers is [var taken, var wanted, var since, var lookedAt, ..] ? new Entry(taken, wanted, since, lookedAt) : default;
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Taken:D19} {Wanted:D19} {Since:D19} {LookedAt:D19} ");
    }
}
