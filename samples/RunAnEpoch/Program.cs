// A program that uses Assay as a library: it opens a workspace, runs an epoch, and reads its record.
using Assay;
using Assay.Engine.Workspaces;
using Assay.Epochs;
using Assay.Lanes.Epochs;

if (args is not [var plan, var folder])
{
    Console.Error.WriteLine("usage: RunAnEpoch PLAN WORKSPACE");
    return 2;
}

var prepared = EpochRunner.Prepare(plan, new EpochOptions { Jobs = 2 });
if (!prepared.IsValid)
{
    foreach (var problem in prepared.Problems) Console.Error.WriteLine(problem);
    return 2;
}

await using var workspace = await Workspace.OpenAsync(folder, KnownLanes.All);
var run = await new EpochRunner(workspace, TimeProvider.System).RunAsync(prepared.Value, CancellationToken.None);
if (!run.IsGiven)
{
    Console.Error.WriteLine($"{run.Subject}: {run.Refusal.Text}");
    return 2;
}

var record = (await new EpochReader(workspace).ShowAsync(run.Value.Summary.EpochId))!;
foreach (var crucible in record.Summary.Runs) Console.WriteLine($"{crucible.CrucibleId} {crucible.Outcome} {crucible.Record}");
Console.WriteLine($"{record.Summary.EpochId} {record.Summary.EpochVerdict}");
return record.Summary.EpochVerdict is EpochVerdict.Pass or EpochVerdict.Operational or EpochVerdict.Complete ? 0 : 1;
