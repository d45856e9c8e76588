namespace Assay.Engine.Runner.Network;

/// <summary>The bytes of one run that passed, both ways, and the most that may. They are counted before they are passed on.</summary>
internal sealed class TrafficCap(long? most)
{
    private long _bytes;
    private int _isOver;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether more would have passed.</summary>
    public bool IsOver => Volatile.Read(ref _isOver) != 0;

    /// <summary>Takes room for bytes that are about to pass; false: there is none left.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= (most ?? long.MaxValue)) return true;
        Interlocked.Add(ref _bytes, -bytes);
        Volatile.Write(ref _isOver, 1);
        return false;
    }
}
