using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>Brings a job into being. The same specification again changes nothing.</summary>
internal sealed record SubmitJob(JobSubmitted Job) : Command;

/// <summary>Lets the job go on behind a checkpoint.</summary>
/// <param name="Step">The checkpoint.</param>
/// <param name="Sha256">The digest of the document that the person saw.</param>
/// <param name="By">The person.</param>
/// <param name="Reason">Why, in that person's words.</param>
internal sealed record ApproveStep(string Step, Digest Sha256, Actor By, string? Reason) : Command;

/// <summary>Turns a document down.</summary>
/// <param name="Step">The checkpoint.</param>
/// <param name="Sha256">The digest of the document that the person saw.</param>
/// <param name="By">The person.</param>
/// <param name="Reason">Why.</param>
/// <param name="Replacement">What is proposed in its place; null: the job ends.</param>
internal sealed record RejectStep(string Step, Digest Sha256, Actor By, string Reason, ReadOnlyMemory<byte>? Replacement) : Command
{
    /// <summary>The text of the contract of the user's own that the replacement has to satisfy; null where it is Assay's.</summary>
    public ReadOnlyMemory<byte>? Contract { get; init; }
}

/// <summary>Ends the job, in whatever state it is.</summary>
internal sealed record CancelJob(Actor By, string? Reason) : Command;

/// <summary>Lets a stage that ended in an error be tried again.</summary>
internal sealed record RetryJob(Actor By, string? Reason, ImmutableSortedDictionary<string, ComponentBinding>? Components) : Command;

/// <summary>Runs a job that is done again, as a job of its own.</summary>
/// <param name="Spec">The job's specification, which the ledger keeps by its digest.</param>
/// <param name="By">The person.</param>
/// <param name="Reason">Why, in that person's words.</param>
/// <param name="Components">The components as they are now; null: as they were bound.</param>
internal sealed record RerunJob(
    JsonElement Spec, Actor By, string? Reason, ImmutableSortedDictionary<string, ComponentBinding>? Components) : Command;

/// <summary>Makes a job of a blueprint, as a child of this one.</summary>
internal sealed record SpawnJob(ChildJob Child, IReadOnlyList<Blob> Documents, Actor By) : Command;
