using System.Globalization;
using System.Runtime.InteropServices;
using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>
/// What a run holds of a disk: blocks, not sizes, of everything in its folders, and of deleted files that it still has open or mapped. An
/// entry costs its inode too. What cannot be read counts as a violation, since anything may be there.
/// </summary>
/// <param name="folders">The folders that the run may write.</param>
internal sealed unsafe class DiskMeter(IReadOnlyList<string> folders)
{
    /// <summary>Of ext4 by default; other file systems need about as much.</summary>
    private const long InodeBytes = 256;

    private const long BlockBytes = 512;

    /// <summary>Entries are bounded by the cap, since each costs an inode.</summary>
    private static readonly WalkBounds Bounds = new(long.MaxValue, 512, TimeSpan.FromMinutes(2));

    /// <summary>Looks after which what cannot be measured counts as a violation: programs may pass through such a state.</summary>
    private const int Patience = 3;

    private readonly HashSet<FileIdentity> _seen = [];
    private readonly HashSet<(uint, uint)> _devices = [];
    private Dictionary<string, int> _unseen = new(StringComparer.Ordinal);
    private Dictionary<string, int> _unseenBefore = new(StringComparer.Ordinal);
    private long _bytes;
    private long _enough;

    /// <summary>Why the folders cannot be measured, which is a violation of the cap; null when they can.</summary>
    public string? Problem { get; private set; }

    private bool IsOver => _bytes > _enough || Problem is not null;

    /// <summary>The bytes held, or something above <paramref name="enough"/> as soon as it is clear that they are more.</summary>
    /// <param name="enough">Where to stop counting.</param>
    /// <param name="members">The run's processes.</param>
    /// <param name="cancel">Ends the look.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public long Measure(long enough, IEnumerable<int> members, CancellationToken cancel = default)
    {
        (_bytes, _enough, Problem) = (0, enough, null);
        (_unseenBefore, _unseen) = (_unseen, new Dictionary<string, int>(StringComparer.Ordinal));
        _seen.Clear();
        foreach (var folder in folders) Walk(folder, cancel);
        foreach (var pid in members) OpenFiles(pid, cancel);
        return _bytes;
    }

    private void Walk(string folder, CancellationToken cancel)
    {
        using var top = Find(folder);
        if (top is null) return;
        using var walk = new FolderWalk(top, Bounds, cancel);
        while (!IsOver && walk.Next()) Count(walk.Found);
        Problem ??= walk.Problem;
    }

    private FolderHandle? Find(string folder)
    {
        try
        {
            return FolderHandle.Find(folder);
        }
        catch (IOException e)
        {
            Problem = e.Message;
            return null;
        }
    }

    private void Count(in Statx found)
    {
        _devices.Add((found.DeviceMajor, found.DeviceMinor));
        if (found.Links > 1 && found.Kind != FileKind.Folder && !_seen.Add(found.Identity)) return;
        _bytes += ((long)found.Blocks * BlockBytes) + InodeBytes;
    }

    /// <summary>Files that have no name any more but are open or mapped. Threads may have tables of open files of their own.</summary>
    private void OpenFiles(int pid, CancellationToken cancel)
    {
        var process = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}";
        foreach (var table in Names(pid, $"{process}/task").Select(task => $"{process}/task/{task}/fd").Append($"{process}/map_files"))
        {
            foreach (var name in Names(pid, table))
            {
                Statx found;
                cancel.ThrowIfCancellationRequested();
                if (IsOver) return;
                if (Libc.StatX(Libc.AT_FDCWD, $"{table}/{name}", 0, Statx.Basic, &found) != 0)
                {
                    if (Marshal.GetLastPInvokeError() == Libc.EPERM) Mapped(process, name);
                    continue;
                }

                if (found.Kind == FileKind.Socket) InFlight($"{table}info/{name}", found.Inode);
                if (found.Links != 0) continue;
                if (!_devices.Contains((found.DeviceMajor, found.DeviceMinor)) || !_seen.Add(found.Identity)) continue;
                _bytes += ((long)found.Blocks * BlockBytes) + InodeBytes;
            }
        }
    }

    /// <summary>
    /// Files that are on their way through a socket are in no table. The kernel counts them (unix_show_fdinfo), and no more is to be known
    /// of them.
    /// </summary>
    private void InFlight(string info, ulong socket)
    {
        const string count = "scm_fds:";
        var line = Array.Find(Lines(info), l => l.StartsWith(count, StringComparison.Ordinal));
        if (line is null || line.AsSpan(count.Length).Trim() is "0") return;
        Unseen($"socket {socket}", "files are kept in a socket, where they cannot be measured");
    }

    /// <summary>
    /// Without the right to look at what is mapped, a file that has no name and is open nowhere cannot be measured. A line of
    /// /proc/PID/maps has the range, the device in hexadecimal, the inode, and says that the file is deleted (proc(5)).
    /// </summary>
    private void Mapped(string process, string range)
    {
        foreach (var line in Lines(process + "/maps").Where(l => l.StartsWith(range, StringComparison.Ordinal) && l.EndsWith(" (deleted)", StringComparison.Ordinal)))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var device = fields[3].Split(':').Select(d => uint.Parse(d, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            var inode = ulong.Parse(fields[4], CultureInfo.InvariantCulture);
            if (!_devices.Contains((device[0], device[1])) || _seen.Contains(new FileIdentity(device[0], device[1], inode))) continue;
            var ends = range.Split('-').Select(e => long.Parse(e, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            _bytes += ends[1] - ends[0];
            Unseen($"{device[0]}:{device[1]} {inode}", "a file without a name is mapped and cannot be measured");
        }
    }

    /// <summary>Notes what cannot be measured now; what stays so may hold anything.</summary>
    private void Unseen(string what, string problem)
    {
        var times = _unseenBefore.GetValueOrDefault(what) + 1;
        _unseen[what] = times;
        if (times >= Patience) Problem = problem;
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private List<string> Names(int pid, string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(e => Path.GetFileName(e)!)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // One that is just ending holds nothing, and one that is just starting hides for a moment; one that stays hidden may hold
            // anything.
            if (e is UnauthorizedAccessException && ProcFs.Read(pid) is { HasEnded: false }) Unseen(folder, $"{folder} cannot be read");
            return [];
        }
    }
}
