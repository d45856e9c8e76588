using System.CommandLine;
using System.Text;
using Assay.Checks;
using Assay.Host;

namespace Assay.Cli.Commands;

/// <summary>
/// <c>assay change-check</c>: what the executor starts, capped and caged, for an acceptance test that has no command. It is of no use to people.
/// </summary>
internal static class ChangeCheckCommand
{
    public static Command Create()
    {
        var command = new Command(AssayCommand.ChangeCheck, "Look at what a task changed") { Hidden = true };
        command.SetAction(async (_, cancel) =>
        {
            await using var report = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            if (await ChangeCheck.RunAsync(report, cancel) is { } isWell) return isWell ? ExitCodes.Done : ExitCodes.Failed;
            await Console.Error.WriteLineAsync("assay: this command is started by an executor, for an acceptance test");
            return ExitCodes.FailClosed;
        });
        return command;
    }
}
