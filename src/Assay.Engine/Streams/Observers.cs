using System.Collections.Immutable;

namespace Assay.Engine.Streams;

/// <summary>Who watches an engine live.</summary>
internal sealed class Observers
{
    private ImmutableList<Action<EngineNotice>> _all = [];

    /// <summary>Takes one in until what is returned is disposed of.</summary>
    public IDisposable Add(Action<EngineNotice> observer)
    {
        ImmutableInterlocked.Update(ref _all, list => list.Add(observer));
        return new Watching(() => ImmutableInterlocked.Update(ref _all, list => list.Remove(observer)));
    }

    public void Tell(EngineNotice notice)
    {
        foreach (var observer in _all)
        {
            try
            {
                observer(notice);
            }
            catch (Exception)
            {
                // A log that cannot be written, a view that cannot be drawn: the record has it all.
            }
        }
    }

    private sealed class Watching(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
