using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Assay.Kernel.Streams;

/// <summary>Brings the recorded data of an event from one version of its type to the next.</summary>
public delegate JsonElement Upcast(JsonElement data);

/// <summary>The events of one lane by the name under which they are recorded. Each begins with those of effects (<c>EffectEvents.Catalog</c>).</summary>
public sealed class EventCatalog
{
    private readonly Dictionary<string, Entry> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, Entry> _byType = [];

    /// <summary>The CLR types of all events that can be recorded.</summary>
    public IEnumerable<Type> Types => _byType.Keys;

    /// <summary>Adds one kind of event. Returns this, so that a catalog reads as a table.</summary>
    /// <param name="name">Its recorded name.</param>
    /// <param name="type">
    /// How it is written and read, as of its newest version. Asked for when the first one is, since every process has the catalogs of all
    /// lanes and uses few.
    /// </param>
    /// <param name="upcasts">What brings the data of version 1 to 2, of 2 to 3, and so on: there is one version more than there are of these.</param>
    public EventCatalog Add<T>(string name, Func<JsonTypeInfo<T>> type, params IReadOnlyList<Upcast> upcasts) where T : Event
    {
        var entry = new Entry(name, upcasts, body => JsonSerializer.SerializeToElement((T)body, type()), data => data.Deserialize(type())!);
        _byName.Add(name, entry);
        _byType.Add(typeof(T), entry);
        return this;
    }

    /// <summary>The name under which an event is recorded.</summary>
    public string NameOf(Event body) => _byType[body.GetType()].Name;

    /// <summary>The version of its type that an event is recorded in, from 1.</summary>
    internal int VersionOf(Event body) => _byType[body.GetType()].Version;

    internal JsonElement Write(Event body) => _byType[body.GetType()].Write(body);

    /// <exception cref="FormatException">No event of this lane has that name, or not in that version.</exception>
    internal Event Read(string name, int version, JsonElement data)
    {
        if (!_byName.TryGetValue(name, out var entry)) throw new FormatException($"unknown event type {name}");
        if (version > entry.Version)
        {
            throw new FormatException($"{name} has version {version}, of which this Assay knows {entry.Version}: update Assay");
        }

        return entry.Read(entry.Upcasts.Skip(version - 1).Aggregate(data, (older, upcast) => upcast(older)));
    }

    private sealed record Entry(string Name, IReadOnlyList<Upcast> Upcasts, Func<Event, JsonElement> Write, Func<JsonElement, Event> Read)
    {
        public int Version => Upcasts.Count + 1;
    }
}
