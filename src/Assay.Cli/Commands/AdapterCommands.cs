using System.CommandLine;
using Assay.Cli.Output;
using Assay.Engine;
using Assay.Gateway;
using Assay.Lanes.Tasks;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary><c>assay adapter …</c></summary>
internal static class AdapterCommands
{
    public static Command Create(GlobalOptions globals) => new("adapter", "What takes tasks: breakers and health") { List(globals), Check(globals) };

    private static Command List(GlobalOptions globals)
    {
        var command = new Command("list", "List the adapters that runs have named");
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, service =>
        {
            RowPrinter.Print(service.Adapters(), globals.Json(parsed), "No adapters: assay execute names them.", "adapter_id", "kind", "circuit", "failures", "health", "health_reason", "checked_at");
            return Task.FromResult(ExitCodes.Done);
        }));
        return command;
    }

    private static Command Check(GlobalOptions globals)
    {
        var id = new Argument<string>("ADAPTER") { Description = "The adapter" };
        var adapters = new Option<string?>("--adapters") { Description = "The file that declares it, when no run has named it yet", HelpName = "FILE" };
        var command = new Command("check", "Check an adapter now, an agent with a fake model; exit code 1 when it is not well") { id, adapters };
        command.SetAction((parsed, _) =>
        {
            async Task<int> CheckAsync(TaskService service, AdapterSpec? declared = null) =>
                TaskAnswers.Print(await service.CheckAsync(parsed.GetValue(id)!, new ModelGateways(TimeProvider.System), declared), globals.Json(parsed));
            if (parsed.GetValue(adapters) is not { } file) return TaskAnswers.WithAsync(globals, parsed, service => CheckAsync(service));
            var loaded = AdapterLoader.LoadForCheck(file, parsed.GetValue(id)!, HostCapabilities.Detect());
            return loaded.IsValid
                ? TaskAnswers.WithNewAsync(globals, parsed, service => CheckAsync(service, loaded.Value))
                : Task.FromResult(Problems.Print(loaded.Problems, globals.Json(parsed)));
        });
        return command;
    }
}
