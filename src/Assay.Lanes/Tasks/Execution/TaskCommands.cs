using System.Collections.Immutable;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Brings a run into being, or finds it again: with other inputs under the same id it is refused.</summary>
internal sealed record DeclareExecution(ExecutionDeclared Execution, ImmutableArray<AdapterSpec> Adapters, ImmutableArray<TaskSpec> Tasks, IReadOnlyList<Blob> Documents) : Command;

/// <summary>Begins or goes on to work on the run.</summary>
internal sealed record StartExecution(int Jobs, Actor By) : Command;

/// <summary>A person says that a manual task is done.</summary>
internal sealed record CompleteManual(string TaskId, Actor By, string? Note, ImmutableArray<EvidenceFile> Evidence, IReadOnlyList<Blob> Documents) : Command;

/// <summary>A person says that a manual task cannot be done.</summary>
internal sealed record FailManual(string TaskId, Actor By, string Reason) : Command;

/// <summary>Ends a task, wherever it is.</summary>
internal sealed record CancelTask(string TaskId, Actor By, string? Reason) : Command;

/// <summary>Lets a task that did not complete be tried again, with those that were cancelled because of it.</summary>
internal sealed record RetryTask(string TaskId, Actor By, string? Reason) : Command;
