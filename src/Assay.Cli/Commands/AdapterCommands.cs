using System.CommandLine;
using Assay.Cli.Output;

namespace Assay.Cli.Commands;

/// <summary><c>assay adapter …</c></summary>
internal static class AdapterCommands
{
    public static Command Create(GlobalOptions globals) => new("adapter", "What takes tasks: breakers and health") { List(globals), Check(globals) };

    private static Command List(GlobalOptions globals)
    {
        var command = new Command("list", "List the adapters that runs have named");
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, board =>
        {
            RowPrinter.Print(board.Adapters(), globals.Json(parsed), "No adapters: assay execute names them.", "adapter_id", "kind", "circuit", "failures", "health", "health_reason", "checked_at");
            return Task.FromResult(ExitCodes.Done);
        }));
        return command;
    }

    private static Command Check(GlobalOptions globals)
    {
        var id = new Argument<string>("ADAPTER") { Description = "The adapter" };
        var command = new Command("check", "Check the health of an adapter now; exit code 1 when it is not well") { id };
        command.SetAction((parsed, _) => TaskAnswers.WithAsync(globals, parsed, async board => TaskAnswers.Print(await board.CheckAsync(parsed.GetValue(id)!), globals.Json(parsed))));
        return command;
    }
}
