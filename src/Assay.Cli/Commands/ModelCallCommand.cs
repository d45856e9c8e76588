using System.CommandLine;
using Assay.Host;
using Assay.Models;

namespace Assay.Cli.Commands;

/// <summary>
/// <c>assay model-call</c>: what the worker starts, capped and confined, for a stage or a task that is a model call. It is of no use to people.
/// </summary>
internal static class ModelCallCommand
{
    public static Command Create()
    {
        var command = new Command(AssayCommand.ModelCall, "Make one model call for a stage") { Hidden = true };
        command.SetAction(async (_, cancel) =>
        {
            var asked = ModelTask.IsAsked ? ModelTask.RunAsync(cancel) : ModelStage.RunAsync(cancel);
            if (await asked is not { } problem) return ExitCodes.Done;
            await Console.Error.WriteLineAsync($"assay: {problem}");
            return ExitCodes.FailClosed;
        });
        return command;
    }
}
