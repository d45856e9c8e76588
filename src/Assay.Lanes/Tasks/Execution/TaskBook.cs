using System.Collections;
using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Values;

namespace Assay.Lanes.Tasks;

/// <summary>
/// The tasks of a run in the order of the queue, with what is asked of all of them after every event kept beside: a run of ten thousand
/// tasks costs each of them no more than one of ten.
/// </summary>
[JsonConverter(typeof(TaskBookConverter))]
internal sealed class TaskBook : IReadOnlyList<TaskState>
{
    private static readonly int Phases = Enum.GetValues<TaskPhase>().Length;

    public static readonly TaskBook Empty = new();

    private ImmutableList<TaskState> _tasks = [];
    private ImmutableDictionary<string, int> _places = ImmutableDictionary.Create<string, int>(StringComparer.Ordinal);
    private ImmutableDictionary<string, ImmutableArray<int>> _dependants = ImmutableDictionary.Create<string, ImmutableArray<int>>(StringComparer.Ordinal);
    private ImmutableSortedSet<int> _inPlay = [];
    private ImmutableSortedSet<int> _doomed = [];
    private ImmutableSortedSet<(int Priority, int Place)> _ready = [];
    private ImmutableArray<int> _counts = [.. new int[Phases]];

    private TaskBook()
    {
    }

    public int Count => _tasks.Count;

    public Usd Cost { get; private init; }

    /// <summary>How often tasks failed their acceptance tests, the same one again included.</summary>
    public int FailedAcceptance { get; private init; }

    /// <summary>Tasks that wait and whose dependencies have all completed, the most urgent first, then in the order of the queue.</summary>
    public IEnumerable<TaskState> Ready => _ready.Select(r => _tasks[r.Place]);

    /// <summary>Tasks that wait for a dependency which has ended otherwise than completed.</summary>
    public IEnumerable<TaskState> Doomed => _doomed.Select(i => _tasks[i]);

    public TaskState this[int index] => _tasks[index];

    /// <summary>A task; null when the run has none of that name.</summary>
    public TaskState? Find(string taskId) => _places.TryGetValue(taskId, out var place) ? _tasks[place] : null;

    /// <summary>Where a task stands in the queue, from 0.</summary>
    public int PlaceOf(string taskId) => _places[taskId];

    /// <summary>
    /// Tasks with which something happens, or is to, in the order of the queue: an adapter has them, an effect of theirs is under way, or
    /// somebody wants them ended.
    /// </summary>
    internal IEnumerable<TaskState> InPlay(TasksUnderWay underWay) =>
        _inPlay.Union(underWay.TaskIds.Select(PlaceOf)).Select(i => _tasks[i]);

    /// <summary>The tasks that name a task as a dependency.</summary>
    public IEnumerable<TaskState> DependantsOf(string taskId) => _dependants.GetValueOrDefault(taskId, []).Select(i => _tasks[i]);

    public int CountOf(TaskPhase phase) => _counts[(int)phase];

    /// <summary>Whether every task has ended.</summary>
    public bool HasEnded => CountOf(TaskPhase.Pending) + CountOf(TaskPhase.InProgress) + CountOf(TaskPhase.Validating) == 0;

    /// <summary>The book of tasks as they are now, in the order of the queue.</summary>
    public static TaskBook Of(IReadOnlyList<TaskState> tasks)
    {
        var counts = new int[Phases];
        foreach (var task in tasks) counts[(int)task.Phase]++;
        var dependants = tasks.SelectMany((t, place) => t.Spec.DependsOn.Select(d => (On: d, Place: place)))
            .GroupBy(d => d.On, d => d.Place, StringComparer.Ordinal)
            .Select(g => KeyValuePair.Create(g.Key, g.ToImmutableArray()));
        var book = new TaskBook
        {
            _tasks = [.. tasks],
            _places = Empty._places.AddRange(tasks.Select((t, place) => KeyValuePair.Create(t.Spec.TaskId, place))),
            _dependants = Empty._dependants.AddRange(dependants),
            _counts = [.. counts],
            Cost = tasks.Aggregate(default(Usd), (sum, t) => sum + t.Cost),
            FailedAcceptance = tasks.Sum(t => t.FailedAcceptance),
        };
        for (var place = 0; place < tasks.Count; place++) book.Sort(place);
        return book;
    }

    /// <summary>The book with one task more.</summary>
    public TaskBook Add(TaskState task)
    {
        var place = _tasks.Count;
        var book = Copy();
        book._tasks = _tasks.Add(task);
        book._places = _places.Add(task.Spec.TaskId, place);
        foreach (var dependency in task.Spec.DependsOn)
        {
            book._dependants = book._dependants.SetItem(dependency, book._dependants.GetValueOrDefault(dependency, []).Add(place));
        }

        book._counts = _counts.SetItem((int)task.Phase, _counts[(int)task.Phase] + 1);
        book.Sort(place);
        book.SortDependantsOf(task);
        return book;
    }

    /// <summary>The book with a task as it is now.</summary>
    public TaskBook With(TaskState task)
    {
        var place = _places[task.Spec.TaskId];
        var before = _tasks[place];
        var book = Copy(task.Cost - before.Cost, task.FailedAcceptance - before.FailedAcceptance);
        book._tasks = _tasks.SetItem(place, task);
        if (before.Phase != task.Phase)
        {
            var counts = _counts.ToBuilder();
            counts[(int)before.Phase]--;
            counts[(int)task.Phase]++;
            book._counts = counts.MoveToImmutable();
        }

        book.Sort(place);
        if (before.Phase != task.Phase) book.SortDependantsOf(task);
        return book;
    }

    public IEnumerator<TaskState> GetEnumerator() => _tasks.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private TaskBook Copy(Usd cost = default, int failedAcceptance = 0) => new()
    {
        _tasks = _tasks,
        _places = _places,
        _dependants = _dependants,
        _inPlay = _inPlay,
        _doomed = _doomed,
        _ready = _ready,
        _counts = _counts,
        Cost = Cost + cost,
        FailedAcceptance = FailedAcceptance + failedAcceptance,
    };

    private void SortDependantsOf(TaskState task)
    {
        foreach (var place in _dependants.GetValueOrDefault(task.Spec.TaskId, [])) Sort(place);
    }

    /// <summary>Puts a task into the sets that it belongs to now.</summary>
    private void Sort(int place)
    {
        var task = _tasks[place];
        var waits = task.Phase == TaskPhase.Pending;
        var isInPlay = task.IsActive || (task.CancelRequested is not null && !task.HasEnded);
        _inPlay = isInPlay ? _inPlay.Add(place) : _inPlay.Remove(place);
        _ready = waits && task.Spec.DependsOn.All(d => Find(d)?.Phase == TaskPhase.Completed) ? _ready.Add((task.Spec.Priority, place)) : _ready.Remove((task.Spec.Priority, place));
        _doomed = waits && task.Spec.DependsOn.Any(d => Find(d) is { HasEnded: true, Phase: not TaskPhase.Completed }) ? _doomed.Add(place) : _doomed.Remove(place);
    }
}
