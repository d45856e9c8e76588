using System.CommandLine;
using Assay.Jobs;

namespace Assay.Cli.Commands;

/// <summary>
/// <c>assay model-call</c>: what the worker starts, capped and confined, for a stage that is a model call. It reads the stage's input from ASSAY_STAGE_INPUT
/// and is of no use to people.
/// </summary>
internal static class ModelCallCommand
{
    public static Command Create()
    {
        var command = new Command(ModelStage.CommandName, "Make one model call for a stage") { Hidden = true };
        command.SetAction(async (_, cancel) =>
        {
            if (await ModelStage.RunAsync(cancel) is not { } problem) return ExitCodes.Done;
            await Console.Error.WriteLineAsync($"assay: {problem}");
            return ExitCodes.FailClosed;
        });
        return command;
    }
}
