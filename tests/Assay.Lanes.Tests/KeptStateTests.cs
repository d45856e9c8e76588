using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Lanes;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay.Tests;

/// <summary>A field that is not kept is lost from every long stream, and no comparison of what is kept would show it.</summary>
public sealed class KeptStateTests
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ILane[] Keeping =
        [EpochLane.Instance, RegistryLane.Instance, TaskLane.Instance, AdapterLane.Instance, ProjectLane.Instance];

    /// <summary>What follows from the rest, or was never of the record: the bytes that came with an event.</summary>
    private static readonly string[] NotOfTheState = ["EpochState.Places", "Event.Attached"];

    [Fact]
    public void Every_field_of_a_state_and_of_what_it_holds_is_kept()
    {
        var seen = new HashSet<Type>();
        var lost = Keeping.SelectMany(lane => Lost(lane.StateType!, seen)).ToList();
        Assert.True(lost.Count == 0, string.Join("\n", lost));
        HashSet<Type> some = [typeof(EpochState), typeof(TaskState), typeof(TaskAttempted), typeof(WebhookFollowUp), typeof(PatchRecord)];
        Assert.Superset(some, seen);
    }

    [Fact]
    public void Every_lane_that_keeps_its_folds_is_looked_at()
    {
        var lanes = typeof(TaskLane).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(ILane)) && !t.IsAbstract)
            .Select(t => (ILane)t.GetField("Instance", BindingFlags.Static | BindingFlags.Public)!.GetValue(null)!);
        Assert.Equal(Keeping.Select(l => l.GetType().Name).Order(), lanes.Where(FoldSnapshot.IsKept).Select(l => l.GetType().Name).Order());
    }

    /// <summary>The fields that the JSON of a type, and of the types that it leads to, does not have.</summary>
    private static IEnumerable<string> Lost(JsonTypeInfo root, HashSet<Type> seen)
    {
        var open = new Queue<Type>([root.Type]);
        while (open.TryDequeue(out var type))
        {
            if (type.Assembly != typeof(TaskLane).Assembly && type.Assembly != typeof(ILane).Assembly) Enqueue(type.GetGenericArguments());
            if (!seen.Add(type)) continue;

            // A book is written as its tasks, and all the rest of it follows from these.
            if (type == typeof(TaskBook)) Enqueue(typeof(TaskState));
            if (!root.Options.TryGetTypeInfo(type, out var info)) continue;
            Enqueue([.. info.PolymorphismOptions?.DerivedTypes.Select(d => d.DerivedType) ?? []]);
            if (info.Kind != JsonTypeInfoKind.Object) continue;
            var kept = info.Properties.Where(p => p is { Get: not null } and ({ Set: not null } or { AssociatedParameter: not null })).Select(p => (PropertyInfo)p.AttributeProvider!).ToList();
            Enqueue([.. kept.Select(p => p.PropertyType)]);
            var fields = Fields(type).Where(f => !kept.Any(p => p.Name == Name(f))).Select(f => $"{f.DeclaringType!.Name}.{Name(f)}");
            foreach (var field in fields.Except(NotOfTheState)) yield return field;
        }

        void Enqueue(params Type[] types)
        {
            foreach (var next in types) open.Enqueue(next);
        }
    }

    /// <summary>The property that a field stands behind.</summary>
    private static string Name(FieldInfo field) => field.Name switch
    {
        ['<', .. var rest] => rest[..rest.IndexOf('>', StringComparison.Ordinal)],
        ['_', var first, .. var rest] => char.ToUpperInvariant(first) + rest,
        var name => name,
    };

    private static IEnumerable<FieldInfo> Fields(Type? type) => type is null || type == typeof(object)
        ? []
        : type.GetFields(Own).Concat(Fields(type.BaseType));
}
