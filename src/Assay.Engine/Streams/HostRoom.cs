using Assay.Kernel.Effects;

namespace Assay.Engine.Streams;

/// <summary>
/// What of a host processes may take together: as many as are allowed at once, and as much memory as there is, of which each takes what its
/// cap says, less what other processes of Assay have taken. What finds no room waits for it, and those who wait come in their order, so that
/// a large one is not passed for ever.
/// </summary>
public sealed class HostRoom
{
    private readonly Lock _gate = new();
    private readonly LinkedList<RoomSeeker> _waiting = [];
    private readonly long _mostBytes;
    private readonly RoomBook? _book;
    private bool _looksAgain;
    private int _processes;
    private long _memoryBytes;

    /// <param name="processes">How many at once.</param>
    /// <param name="memoryBytes">How much memory. What asks for more than there is gets all of it.</param>
    public HostRoom(int processes, long memoryBytes) : this(processes, memoryBytes, book: null)
    {
    }

    internal HostRoom(int processes, long memoryBytes, RoomBook? book) =>
        (_processes, _memoryBytes, _mostBytes, _book) = (processes, memoryBytes, memoryBytes, book);

    /// <summary>Room that is bounded by the memory of this host, which all processes of Assay of this user share.</summary>
    /// <param name="processes">How many processes at once.</param>
    public static HostRoom OfThisHost(int processes = int.MaxValue) => new(processes, MemoryBytes(), RoomBook.OfThisProcess);

    /// <summary>Whether an effect takes room: processes do.</summary>
    internal static bool IsNeededBy(Effect effect) => effect is RunProcess;

    /// <summary>Takes room for an effect; false when there is none, after which the seeker is woken when there may be.</summary>
    internal bool TryTake(RoomSeeker seeker, Effect effect)
    {
        var need = Need(effect);
        if (need is (0, 0)) return true;
        lock (_gate)
        {
            var isNext = _waiting.First is not { } first || first.Value == seeker;
            var fits = isNext && _processes >= need.Processes && _memoryBytes >= need.MemoryBytes;
            if (!fits || !OthersLeave(need.MemoryBytes))
            {
                seeker.IsBehindOthers = fits;
                if (!_waiting.Contains(seeker)) _waiting.AddLast(seeker);
                return false;
            }

            _waiting.Remove(seeker);
            TakeHere(need);
            WakeNext();
            return true;
        }
    }

    /// <summary>Takes room for what runs anyway.</summary>
    internal void Take(Effect effect)
    {
        if (!IsNeededBy(effect)) return;
        var need = Need(effect);
        _book?.Take(need.MemoryBytes);
        lock (_gate) TakeHere(need);
    }

    /// <summary>Gives back the room of an effect that has ended, or did not begin.</summary>
    internal void Give(Effect effect)
    {
        if (!IsNeededBy(effect)) return;
        var (count, bytes) = Need(effect);
        _book?.Take(-bytes);
        lock (_gate)
        {
            (_processes, _memoryBytes) = (_processes + count, _memoryBytes + bytes);
            WakeNext();
        }
    }

    /// <summary>Lets those behind a seeker come that wants nothing any more.</summary>
    internal void Leave(RoomSeeker seeker)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(seeker)) return;
            if (_waiting.Count == 0) _book?.StopWaiting();
            WakeNext();
        }
    }

    /// <summary>The memory of this host, or of the container that this engine runs in.</summary>
    internal static long MemoryBytes() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and var bytes ? bytes : long.MaxValue;

    /// <summary>Takes memory of what other processes have left. Where they leave too little, it is looked again a little later.</summary>
    private bool OthersLeave(long bytes)
    {
        if (_book is null || bytes == 0 || _book.TryTake(bytes, _mostBytes)) return true;
        if (!_looksAgain) _ = LookAgainAsync();
        return false;
    }

    private async Task LookAgainAsync()
    {
        _looksAgain = true;

        // At no fixed pace, so that two who give way to each other do not do so for ever.
        await Task.Delay(Random.Shared.Next(50, 150));
        lock (_gate)
        {
            _looksAgain = false;
            WakeNext();
        }
    }

    private void TakeHere((int Processes, long MemoryBytes) need) =>
        (_processes, _memoryBytes) = (_processes - need.Processes, _memoryBytes - need.MemoryBytes);

    private void WakeNext() => _waiting.First?.Value.HasRoom.Set();

    private (int Processes, long MemoryBytes) Need(Effect effect)
    {
        var process = (RunProcess)effect;
        return (process.IsBeside ? 0 : 1, Math.Min(process.Caps.MemoryBytes ?? 0, _mostBytes));
    }
}

/// <summary>Who seeks room, and how it is told that there may be some.</summary>
internal sealed class RoomSeeker(AsyncSignal hasRoom)
{
    public AsyncSignal HasRoom => hasRoom;

    /// <summary>Whether it was other processes of this host that left it no room.</summary>
    public bool IsBehindOthers { get; set; }
}
