using System.CommandLine;
using System.Globalization;
using Assay.Cli.Output;
using Assay.Engine;
using Assay.Gateway;
using Assay.Host;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary><c>assay adapter …</c></summary>
internal static class AdapterCommands
{
    public static Command Create(GlobalOptions globals) => new("adapter", "What takes tasks: breakers and health") { List(globals), Check(globals) };

    private static Command List(GlobalOptions globals)
    {
        var list = new ListOptions();
        var command = new Command("list", "List the adapters that runs have named");
        list.AddTo(command);
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, async service =>
        {
            var (page, next, problem) = list.Page(parsed, await service.AdaptersAsync(), a => a.Key);
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            var listing = new Listing(
                "adapters", "assay execute names them", "ADAPTER", "KIND", "CIRCUIT", "FAILURES", "HEALTH", "CHECKED", "REASON");
            foreach (var row in page)
            {
                listing.Add(
                    row, row.Key, row.Text("kind"), row.Text("circuit"), row.Number("failures").ToString(CultureInfo.InvariantCulture),
                    row.Text("health"),
                    Shown.Time(row.Text("checked_at")), row.Text("health_reason"));
            }

            listing.Print(next, globals.Json(parsed));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command Check(GlobalOptions globals)
    {
        const string what = "The adapter (default: none is tried, and only the file is read)";
        var id = new IdArgument("ADAPTER", what) { Arity = ArgumentArity.ZeroOrOne };
        var adapters = new Option<string?>("--adapters") { Description = "The file that declares it, when no run has named it yet", HelpName = "FILE" };
        const string does = "Check an adapter now, an agent with a fake model; exit code 1 when it is not well. Without one: check a file of adapters";
        var command = new Command(CheckCommand.Name, does) { id, adapters };
        command.Validators.Add(result =>
        {
            if (result.GetResult(id) is { Tokens.Count: > 0 } || result.GetResult(adapters) is not null) return;
            result.AddError("name an adapter, or a file of adapters with --adapters");
        });
        command.SetAction((parsed, _) =>
        {
            async Task<int> CheckAsync(TaskService service, PreparedAdapter? declared = null) =>
                TaskAnswers.Print(await service.CheckAsync(parsed.GetValue(id)!, new ModelGateways(TimeProvider.System), declared), globals.Json(parsed));
            if (parsed.GetValue(adapters) is not { } file) return TaskAnswers.WithAsync(globals, parsed, service => CheckAsync(service));
            if (parsed.GetValue(id) is not { } adapter)
            {
                var problems = AdapterLoader.Check(file, HostCapabilities.Detect());
                return Task.FromResult(CheckCommand.Print(globals, parsed, file, problems));
            }

            var loaded = AdapterLoader.LoadForCheck(file, adapter, HostCapabilities.Detect());
            return loaded.IsValid
                ? TaskAnswers.WithNewAsync(globals, parsed, service => CheckAsync(service, loaded.Value))
                : Task.FromResult(Problems.Print(loaded.Problems, globals.Json(parsed)));
        });
        return command;
    }
}
