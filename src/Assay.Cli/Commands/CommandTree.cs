using System.CommandLine;

namespace Assay.Cli.Commands;

/// <summary>All commands.</summary>
internal static class CommandTree
{
    public static RootCommand Create(GlobalOptions globals)
    {
        var root = new RootCommand("Runs work that nobody fully trusts under contract, and keeps proof of what happened.")
        {
            TryCommand.Create(globals),
            EpochCommands.Create(globals),
            JobCommands.Create(globals),
            RegistryCommands.Create(globals),
            ExecuteCommand.Create(globals),
            TaskCommands.Create(globals),
            TaskCommands.CreateRun(globals),
            AdapterCommands.Create(globals),
            PatchCommands.Create(globals),
            QueueCommands.Create(globals),
            WorkerCommand.Create(globals),
            ServeCommand.Create(globals),
            TokenCommand.Create(globals),
            EventsCommand.Create(globals),
            EventsCommand.CreateLog(globals),
            VerifyCommand.Create(globals),
            RebuildCommand.Create(globals),
            DoctorCommand.Create(globals),
            DemoCommand.Create(globals),
            CompletionCommand.Create(),
            ModelCallCommand.Create(),
            ChangeCheckCommand.Create(),
        };
        globals.AddTo(root);
        HelpExamples.AddTo(root);
        return root;
    }
}
