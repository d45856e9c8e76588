using System.Text.Json.Serialization;

namespace Assay.Lanes.Tasks;

/// <summary>Where a task stands, with what belongs to that standing alone (lane document: Tasks, Task states).</summary>
[JsonPolymorphic]
[JsonDerivedType(typeof(Waiting), "waiting")]
[JsonDerivedType(typeof(Working), "working")]
[JsonDerivedType(typeof(Testing), "testing")]
[JsonDerivedType(typeof(Ended), "ended")]
internal abstract record TaskStanding
{
    private TaskStanding()
    {
    }

    /// <summary>Its word.</summary>
    public abstract TaskPhase Phase { get; }

    /// <summary>The attempt that is under way, or with which the task ended; null: there is none.</summary>
    public virtual TaskAttempt? LastAttempt => null;

    /// <summary>The standing with its attempt as it is now; one that has no attempt stays as it is.</summary>
    public virtual TaskStanding With(TaskAttempt attempt) => this;

    /// <summary>Waits for its turn, its dependencies, an adapter, or the pause before another attempt.</summary>
    /// <param name="NotBefore">Not to be started before.</param>
    /// <param name="Reason">Why it waits, where it was begun before or no adapter took it.</param>
    /// <param name="Refusals">How many adapters have refused it in this round.</param>
    public sealed record Waiting(DateTimeOffset? NotBefore = null, string? Reason = null, int Refusals = 0) : TaskStanding
    {
        /// <inheritdoc/>
        public override TaskPhase Phase => TaskPhase.Pending;
    }

    /// <summary>An adapter works on it.</summary>
    public sealed record Working(TaskAttempt Attempt) : TaskStanding
    {
        /// <inheritdoc/>
        public override TaskPhase Phase => TaskPhase.InProgress;

        /// <inheritdoc/>
        public override TaskAttempt? LastAttempt => Attempt;

        /// <inheritdoc/>
        public override TaskStanding With(TaskAttempt attempt) => this with { Attempt = attempt };
    }

    /// <summary>Its change is tested.</summary>
    /// <param name="Attempt">The attempt that made it.</param>
    /// <param name="IsPrepared">Whether the change lies in the copy in which it is tested.</param>
    /// <param name="IsCommitting">Whether it is on the way into the real tree: there is no way back but a roll back.</param>
    /// <param name="Round">How often the tree had moved on when the change was to come in, so that it was tested again.</param>
    public sealed record Testing(TaskAttempt Attempt, bool IsPrepared = false, bool IsCommitting = false, int Round = 0) : TaskStanding
    {
        /// <inheritdoc/>
        public override TaskPhase Phase => TaskPhase.Validating;

        /// <inheritdoc/>
        public override TaskAttempt? LastAttempt => Attempt;

        /// <inheritdoc/>
        public override TaskStanding With(TaskAttempt attempt) => this with { Attempt = attempt };
    }

    /// <summary>Nothing more happens, unless a person reopens it.</summary>
    /// <param name="End">How it ended.</param>
    /// <param name="At">When.</param>
    /// <param name="Failure">What it failed at; null at any other end.</param>
    /// <param name="Reason">Why; null when it completed and nothing is to be said.</param>
    /// <param name="Attempt">Its last attempt; null: it was never begun, or waited for another one.</param>
    public sealed record Ended(TaskPhase End, DateTimeOffset At, TaskFailure? Failure, string? Reason, TaskAttempt? Attempt) : TaskStanding
    {
        /// <inheritdoc/>
        public override TaskPhase Phase => End;

        /// <inheritdoc/>
        public override TaskAttempt? LastAttempt => Attempt;

        /// <inheritdoc/>
        public override TaskStanding With(TaskAttempt attempt) => this with { Attempt = attempt };
    }
}
