using Assay.Engine.Workspaces;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>Which engines of a workspace live, for those who show what is under way. An engine that is merely stopped lives.</summary>
public sealed class LivingEngines
{
    private readonly IEventStore _store;
    private readonly HashSet<string> _living;

    private LivingEngines(IEventStore store, HashSet<string> living) => (_store, _living) = (store, living);

    /// <summary>Looks once.</summary>
    public static async ValueTask<LivingEngines> LookAsync(IEventStore store)
    {
        var living = (await store.SessionsAsync()).Where(s => s.Host == Environment.MachineName ? !SessionProcess.IsGone(s) : s.Holds);
        return new LivingEngines(store, living.Select(s => s.Id).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Whether there is none at all.</summary>
    public bool AreNone => _living.Count == 0;

    /// <summary>Whether a stream is owned by an engine that lives.</summary>
    public async ValueTask<bool> OwnAsync(StreamName stream) =>
        (await _store.FindAsync(stream))?.Owner is { } owner && _living.Contains(owner);

    /// <summary>Whether a stream is owned by an engine that is gone.</summary>
    public async ValueTask<bool> LeftAsync(StreamName stream) =>
        (await _store.FindAsync(stream))?.Owner is { } owner && !_living.Contains(owner);

    /// <summary>The effects that are under way by the ledger, while the engine that started them is gone.</summary>
    public IReadOnlySet<string> Lost(StreamMachine machine) =>
        machine.Effects.InFlight.Values.Where(e => !_living.Contains(e.Session)).Select(e => e.EffectId).ToHashSet(StringComparer.Ordinal);
}
