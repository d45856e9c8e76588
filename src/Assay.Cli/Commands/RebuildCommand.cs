using System.CommandLine;
using Assay.Cli.Output;
using Assay.Host;

namespace Assay.Cli.Commands;

/// <summary><c>assay rebuild</c>: makes the tables that people and pages query from the events, which alone count.</summary>
internal static class RebuildCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var command = new Command("rebuild", "Make the workspace's tables anew from its events; by itself when a build needs others");
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = await globals.OpenExistingAsync(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            var made = await WorkspaceTables.RebuildAsync(
                workspace, fold => Console.Error.WriteLine(Words.Safe($"assay: {fold.Text}")));
            if (globals.Json(parsed)) Console.Out.WriteLine($"{{\"tables\": {made}}}");
            else Console.Out.WriteLine($"{made} tables are made anew");
            return ExitCodes.Done;
        });
        return command;
    }
}
