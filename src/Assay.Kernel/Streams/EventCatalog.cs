using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;

namespace Assay.Kernel.Streams;

/// <summary>The events of one lane by the name under which they are recorded. Every lane's catalog holds the effect events too.</summary>
public sealed class EventCatalog
{
    private readonly Dictionary<string, Entry> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, Entry> _byType = [];

    public EventCatalog()
    {
        Add("EFFECT_STARTED", EffectJson.Default.EffectStarted);
        Add("EFFECT_FINISHED", EffectJson.Default.EffectFinished);
        Add("EFFECT_INTERRUPTED", EffectJson.Default.EffectInterrupted);
    }

    /// <summary>The CLR types of all events that can be recorded.</summary>
    public IEnumerable<Type> Types => _byType.Keys;

    /// <summary>Adds one kind of event. Returns this, so that a catalog reads as a table.</summary>
    public EventCatalog Add<T>(string name, JsonTypeInfo<T> type) where T : Event
    {
        var entry = new Entry(name, body => JsonSerializer.SerializeToElement((T)body, type), data => data.Deserialize(type)!);
        _byName.Add(name, entry);
        _byType.Add(typeof(T), entry);
        return this;
    }

    /// <summary>The name under which an event is recorded.</summary>
    public string NameOf(Event body) => _byType[body.GetType()].Name;

    internal JsonElement Write(Event body) => _byType[body.GetType()].Write(body);

    /// <exception cref="FormatException">No event of this lane has that name.</exception>
    internal Event Read(string name, JsonElement data) =>
        _byName.TryGetValue(name, out var entry) ? entry.Read(data) : throw new FormatException($"unknown event type {name}");

    private sealed record Entry(string Name, Func<Event, JsonElement> Write, Func<JsonElement, Event> Read);
}
