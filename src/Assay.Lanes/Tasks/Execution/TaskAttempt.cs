using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>What an attempt at a task has brought so far.</summary>
internal sealed record TaskAttempt
{
    /// <summary>The copies of its working tree; null: not made yet, or it has none.</summary>
    public CopyOutcome? Copy { get; init; }

    /// <summary>What of its tree it is given; null: nothing yet, or its task asks for nothing.</summary>
    public ContextOutcome? Context { get; init; }

    /// <summary>How the adapter's part ended; null while it goes on.</summary>
    public TaskAttempted? Attempted { get; init; }

    /// <summary>Whether the patch that was answered has been applied to the copy, or could not be.</summary>
    public bool IsAnswerApplied { get; init; }

    /// <summary>What a person has done; null: nothing, or an adapter does it.</summary>
    public ManualDone? Done { get; init; }

    /// <summary>Whether the person was reminded.</summary>
    public bool IsReminded { get; init; }

    /// <summary>The change; null while it is not known, or there is none.</summary>
    public PatchDeclaration? Patch { get; init; }

    /// <summary>The tests that have ended.</summary>
    public ImmutableArray<TestResult> Tests { get; init; } = [];

    /// <summary>Tests for which a copy of their own was made.</summary>
    public ImmutableArray<string> Placed { get => field.IsDefault ? [] : field; init; }

    /// <summary>Tests after which it was seen what they had changed, and that was put back.</summary>
    public ImmutableArray<string> Checked { get => field.IsDefault ? [] : field; init; }

    /// <summary>The test that was cut short in the copy that all share, which is put back before it is run again; null: none.</summary>
    public string? CutShort { get; init; }

    /// <summary>The attempt when a test of it was cut short: what that did to its copy is not known.</summary>
    public TaskAttempt Without(AcceptanceTest test)
    {
        if (Copy is null) return this;
        return test.Parallel ? this with { Placed = Placed.Remove(test.Name) } : this with { CutShort = test.Name };
    }

    /// <summary>Whether a test has ended, and the copy in which it ran is known to be as it was.</summary>
    public bool IsTested(AcceptanceTest test) => HasRun(test) && (Copy is null || Checked.Contains(test.Name));

    /// <summary>Whether a test has ended.</summary>
    public bool HasRun(AcceptanceTest test) => Tests.Any(t => t.Name == test.Name);
}

/// <summary>The last call of an adapter for a task: what is known of it stays until the next one begins.</summary>
/// <param name="AdapterId">The adapter.</param>
internal sealed record AdapterCall(string AdapterId)
{
    /// <summary>What its agent says that it did; null: there was none.</summary>
    public AgentRecord? Agent { get; init; }

    /// <summary>What went through its gateway to a model; null: there was none.</summary>
    public GatewayReport? Gateway { get; init; }

    /// <summary>What it tried to reach; null where that was not watched.</summary>
    public Egress? Egress { get; init; }
}
