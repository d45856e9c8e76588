using System.Text;
using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Simulation;

/// <summary>The states of one kind of thing, and which events led from which to which in simulated lives of it.</summary>
/// <param name="title">What it is.</param>
/// <param name="lane">The lane in whose streams it lives.</param>
/// <param name="states">The state of each such thing in a stream, by its name; what is not there yet is left out.</param>
/// <param name="ends">The states from which nothing leads on by itself.</param>
internal sealed class StateMap(string title, ILane lane, Func<object, IEnumerable<(string Name, string State)>> states, params string[] ends)
{
    private const string Start = "[*]";

    private readonly SortedDictionary<(string From, string To), SortedSet<string>> _steps = [];

    public string LaneName => lane.Name;

    /// <summary>Folds a stream anew, and takes in each step of each thing in it.</summary>
    public void TakeIn(StreamName stream, IEnumerable<byte[]> events)
    {
        var machine = new StreamMachine(lane, stream);
        var before = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var bytes in events)
        {
            var body = machine.Apply(bytes).Recorded.Body;
            foreach (var (name, state) in states(machine.State))
            {
                var from = before.GetValueOrDefault(name, Start);
                if (from == state) continue;
                before[name] = state;
                if (!_steps.TryGetValue((from, state), out var causes)) _steps.Add((from, state), causes = new SortedSet<string>(StringComparer.Ordinal));
                causes.Add(body is EffectEvent ? "an effect" : lane.Events.NameOf(body));
            }
        }
    }

    /// <summary>A diagram as Mermaid draws it.</summary>
    public string Draw()
    {
        var text = new StringBuilder($"## {title}\n\n```mermaid\nstateDiagram-v2\n");
        foreach (var ((from, to), causes) in _steps) text.Append($"    {from} --> {to}: {string.Join(", ", causes)}\n");
        foreach (var end in ends.Where(e => _steps.Keys.Any(s => s.To == e))) text.Append($"    {end} --> {Start}\n");
        return text.Append("```\n").ToString();
    }
}
