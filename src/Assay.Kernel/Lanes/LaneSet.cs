using System.Collections;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>The lanes of a build, by name.</summary>
public sealed class LaneSet(params IReadOnlyList<ILane> lanes) : IEnumerable<ILane>
{
    /// <summary>The lane that folds a stream.</summary>
    /// <exception cref="InvalidOperationException">This build has no such lane.</exception>
    public ILane this[StreamName stream] => Find(stream) ?? throw new InvalidOperationException($"this build has no lane {stream.Lane}");

    /// <summary>The same; null when this build has no such lane.</summary>
    public ILane? Find(StreamName stream) => lanes.FirstOrDefault(l => l.Name == stream.Lane);

    public IEnumerator<ILane> GetEnumerator() => lanes.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
