using System.CommandLine;
using System.Text;
using System.Text.Json;
using Assay.Access;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Inputs;
using Assay.Jobs;
using Assay.Kernel.Json;
using Assay.Lanes.Jobs;

namespace Assay.Cli.Commands;

/// <summary><c>assay job …</c></summary>
internal static class JobCommands
{
    public static Command Create(GlobalOptions globals) => new("job", "From blueprint or idea to registry, with a person at every checkpoint")
    {
        Submit(globals, "submit-blueprint", "Submit a blueprint (blueprint_v1)", JobService.Prepare),
        Submit(globals, "submit-idea", "Submit an idea (idea_spec_v1), from which agents make a blueprint", JobService.PrepareIdea),
        JobDecisions.Approve(globals), JobDecisions.Reject(globals), Spawn(globals), Cancel(globals), Retry(globals), Rerun(globals),
        Check(globals), Show(globals), List(globals), Document(globals), Replay(globals),
    };

    private delegate Checked<PreparedJob> Preparation(InputDocument document, string? snapshotId, string bundlePath, JobOptions options, Caller by);

    private static Command Submit(GlobalOptions globals, string name, string description, Preparation prepare)
    {
        var file = new Argument<string>("FILE") { Description = "The document, JSON or YAML" };
        var snapshot = new Option<string?>("--snapshot") { Description = "The data snapshot", HelpName = "ID" };
        var bundle = new Option<string>("--policy-bundle") { Description = "The policies (policy_bundle_v1)", HelpName = "FILE", Required = true };
        var places = new JobPlaces();
        var command = new Command(name, description) { file, snapshot, bundle };
        places.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var document = JobService.ReadDocument(parsed.GetValue(file)!);
            if (!document.IsValid) return Problems.Print(document.Problems, globals.Json(parsed));
            var prepared = prepare(document.Value, parsed.GetValue(snapshot), parsed.GetValue(bundle)!, places.Read(parsed), CommandLineCaller.Here);
            if (!prepared.IsValid) return Problems.Print(prepared.Problems, globals.Json(parsed));
            await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
            var service = await JobService.OpenAsync(workspace, TimeProvider.System);
            var answer = await service.SubmitAsync(prepared.Value);
            if (answer.IsGiven && JobTable.Bound(answer.Value) is { } bound) Console.Error.WriteLine(bound);
            return JobAnswers.Print(answer, globals.Json(parsed));
        });
        return command;
    }

    private static Command Check(GlobalOptions globals)
    {
        var file = new Argument<string>("FILE") { Description = "The blueprint (blueprint_v1) or idea (idea_spec_v1), JSON or YAML" };
        var snapshot = new Option<string?>("--snapshot") { Description = "The data snapshot", HelpName = "ID" };
        var bundle = new Option<string>("--policy-bundle") { Description = "The policies (policy_bundle_v1)", HelpName = "FILE", Required = true };
        var places = new JobPlaces();
        return CheckCommand.Create(
            globals, "Check a blueprint or an idea with its policies and components, without submitting it",
            [file, snapshot, bundle, .. places.All], parsed =>
            {
                var path = parsed.GetValue(file)!;
                var document = JobService.ReadDocument(path);
                if (!document.IsValid) return (path, document.Problems);
                var (data, policies) = (parsed.GetValue(snapshot), parsed.GetValue(bundle)!);
                return (path, JobService.PrepareAny(document.Value, data, policies, places.Read(parsed), CommandLineCaller.Here).Problems);
            });
    }

    private static Command Spawn(GlobalOptions globals)
    {
        var id = JobArgument.Id();
        var blueprint = new Option<string?>("--blueprint") { Description = "The child's blueprint", HelpName = "FILE" };
        var proposal = new IdOption("--proposal", "One of the job's proposals");
        var command = new Command("spawn", "Make a job of a blueprint, as a child of a job that is done") { id, blueprint, proposal };
        command.Validators.Add(result =>
        {
            var areBoth = result.GetResult(blueprint) is not null && result.GetResult(proposal) is not null;
            if (areBoth) result.AddError("--blueprint and --proposal exclude each other");
        });
        command.SetAction((parsed, _) => JobAnswers.PutAsync(globals, parsed, async service =>
        {
            if (parsed.GetValue(blueprint) is not { } path)
            {
                return await service.SpawnAsync(parsed.GetValue(id)!, null, parsed.GetValue(proposal), CommandLineCaller.Here);
            }

            var document = JobService.ReadDocument(path);
            return document.IsValid
                ? await service.SpawnAsync(parsed.GetValue(id)!, document.Value, null, CommandLineCaller.Here)
                : Answer<JobReceipt>.Refused(parsed.GetValue(id)!, document.Problems[0]);
        }));
        return command;
    }

    private static Command Cancel(GlobalOptions globals)
    {
        var id = JobArgument.Id();
        var reason = JobArgument.Reason(required: false);
        var command = new Command("cancel", "End a job, in whatever state it is") { id, reason };
        command.SetAction((parsed, _) => JobAnswers.PutAsync(globals, parsed, service => service.CancelAsync(parsed.GetValue(id)!, CommandLineCaller.Here, parsed.GetValue(reason))));
        return command;
    }

    private static Command Retry(GlobalOptions globals)
    {
        var id = JobArgument.Id();
        var reason = JobArgument.Reason(required: false);
        var components = JobArgument.Components();
        var command = new Command("retry", "Try the stage again that ended in an error") { id, reason, components };
        command.SetAction((parsed, _) => JobAnswers.PutAsync(globals, parsed, service => service.RetryAsync(
            parsed.GetValue(id)!, CommandLineCaller.Here, parsed.GetValue(reason), JobArgument.Options(parsed, components))));
        return command;
    }

    private static Command Rerun(GlobalOptions globals)
    {
        var id = JobArgument.Id();
        var reason = JobArgument.Reason(required: false);
        var components = JobArgument.Components();
        const string description = "Run a job again that is done, as a job of its own with approvals of its own";
        var command = new Command("rerun", description) { id, reason, components };
        command.SetAction((parsed, _) => JobAnswers.PutAsync(globals, parsed, service => service.RerunAsync(
            parsed.GetValue(id)!, CommandLineCaller.Here, parsed.GetValue(reason), JobArgument.Options(parsed, components))));
        return command;
    }

    private static Command Show(GlobalOptions globals)
    {
        var id = JobArgument.Id();
        var command = new Command("show", "Show a job; the exit code says how it stands") { id };
        command.SetAction((parsed, _) => JobAnswers.ReadAsync(globals, parsed, async service =>
        {
            if (await service.DetailAsync(parsed.GetValue(id)!) is not { View: var view } job)
            {
                return Refused(globals, parsed, id, Absent.Job(parsed.GetValue(id)!));
            }

            if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(view, JobViewJson.Shared.JobView));
            else JobTable.Print(view, job.Gates, job.Events);
            return ExitCodes.Of(view.Job);
        }));
        return command;
    }

    private static int Refused(GlobalOptions globals, ParseResult parsed, IdArgument id, Assay.Kernel.Lanes.Refusal refusal) =>
        Problems.Print(parsed.GetValue(id)!, refusal, globals.Json(parsed));

    private static Command List(GlobalOptions globals)
    {
        var state = CheckedOption.OneOf("--state", "Only jobs in this state", "STATE", JobService.States);
        var kind = CheckedOption.OneOf("--kind", "Only jobs of this kind", "blueprint|idea", JobService.Kinds);
        var verdict = CheckedOption.OneOf("--verdict", "Only jobs whose gates said this", "PASS|FAIL", TrialSummary.Verdicts);
        var sort = ListOptions.Sort(JobFilter.Orders);
        var list = new ListOptions();
        var command = new Command("list", "List jobs, the newest first") { state, kind, verdict, sort };
        list.AddTo(command);
        command.SetAction((parsed, _) => JobAnswers.ReadAsync(globals, parsed, async service =>
        {
            var filter = new JobFilter { State = parsed.GetValue(state), Kind = parsed.GetValue(kind), Verdict = parsed.GetValue(verdict) };
            if (parsed.GetValue(sort) is { } order) filter = filter with { OrderBy = order.Column, IsAscending = !order.IsDescending };
            var (page, next, problem) = await list.PageAsync(
                parsed, (after, limit) => service.ListAsync(filter, after, limit), filter.PlaceOf);
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            JobTable.List(page).Print(next, globals.Json(parsed));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command Document(GlobalOptions globals)
    {
        var id = JobArgument.Id();
        var name = new IdArgument("NAME", "Such as blueprint, runspec or gate_results");
        var version = CheckedOption.OptionalWhole("--document-version", "An earlier version (default: the one in force)", least: 1, most: int.MaxValue);
        var command = new Command("document", "Print one of a job's documents") { id, name, version };
        command.SetAction((parsed, _) => JobAnswers.ReadAsync(globals, parsed, async service =>
        {
            if (await service.ViewAsync(parsed.GetValue(id)!) is not { } job)
            {
                return Refused(globals, parsed, id, Absent.Job(parsed.GetValue(id)!));
            }

            if (await service.DocumentAsync(job, parsed.GetValue(name)!, parsed.GetValue(version)) is not { } bytes)
            {
                var known = job.Documents.Where(d => d.InForce).Select(d => d.Name);
                return Refused(globals, parsed, id, Absent.Document(job.Job.JobId, parsed.GetValue(name)!, known));
            }

            Console.Out.WriteLine(Encoding.UTF8.GetString(bytes).TrimEnd('\n'));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command Replay(GlobalOptions globals)
    {
        var file = new Argument<string>("FILE") { Description = "An events.jsonl, of any version" };
        var command = new Command("replay", "Say where a job stands by its events.jsonl alone") { file };
        command.SetAction(parsed =>
        {
            var replayed = JobReplay.Read(parsed.GetValue(file)!);
            if (!replayed.IsValid) return Problems.Print(replayed.Problems, globals.Json(parsed));
            var result = replayed.Value;
            if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(result, JobViewJson.Shared.JobReplayResult));
            else Console.Out.WriteLine(Line(result));
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Line(JobReplayResult result)
    {
        var step = result.Step is { } at ? $" ({at})" : "";
        var approved = result.Approved.Length == 0 ? "nothing" : string.Join(", ", result.Approved);
        return $"{result.JobId}  {result.State}{step}  {result.Events} events, approved: {approved}";
    }
}

/// <summary>Arguments that several job commands take.</summary>
internal static class JobArgument
{
    public static IdArgument Id() => new("JOB_ID", "The job's id, 12 hex digits");

    public static Option<string?> Reason(bool required) => new("--reason") { Description = "Why, in your words", HelpName = "TEXT", Required = required };

    public static Option<string?> Components() =>
        new("--components") { Description = "Bind the job to the components as they are now (components_v1)", HelpName = "FILE" };

    /// <summary>Where the components are that were named; null: none were, so that they stay as they were bound.</summary>
    public static JobOptions? Options(ParseResult parsed, Option<string?> components) =>
        parsed.GetValue(components) is { } path ? JobOptions.From(path, null) : null;
}

/// <summary>Where a submission finds its components and puts its jobs.</summary>
internal sealed class JobPlaces
{
    private readonly Option<string?> _components = new("--components") { Description = "The programs behind the stages (default: ASSAY_COMPONENTS, else components.json)", HelpName = "FILE" };
    private readonly Option<string?> _root = new("--job-root")
    {
        Description = "Folder of the jobs (default: ASSAY_JOB_ROOT, else jobs/ of ASSAY_ARTIFACT_ROOT, else of the workspace)",
        HelpName = "DIR",
    };

    public IEnumerable<Option> All => [_components, _root];

    public void AddTo(Command command)
    {
        foreach (var option in All) command.Add(option);
    }

    /// <summary>The components that this command line names; null: it names none.</summary>
    public string? Named(ParseResult parsed) => parsed.GetValue(_components);

    public JobOptions Read(ParseResult parsed) => JobOptions.From(parsed.GetValue(_components), parsed.GetValue(_root));
}
