using System.CommandLine;
using Assay.Cli;
using Assay.Cli.Commands;
using Assay.Host;
using Assay.Ledger;

var globals = new GlobalOptions();
var root = new RootCommand("Runs work that nobody fully trusts under contract, and keeps proof of what happened.")
{
    TryCommand.Create(globals),
    EpochCommands.Create(globals),
    JobCommands.Create(globals),
    ExecuteCommand.Create(globals),
    TaskCommands.Create(globals),
    TaskCommands.CreateRun(globals),
    AdapterCommands.Create(globals),
    PatchCommands.Create(globals),
    WorkerCommand.Create(globals),
    ServeCommand.Create(globals),
    TokenCommand.Create(globals),
    LogCommand.Create(globals),
    VerifyCommand.Create(globals),
    RebuildCommand.Create(globals),
    DoctorCommand.Create(globals),
    DemoCommand.Create(globals),
    CompletionCommand.Create(),
    ModelCallCommand.Create(),
};
globals.AddTo(root);
HelpExamples.AddTo(root);

// As git and dotnet take it: help COMMAND is COMMAND --help.
var parsed = root.Parse(args is ["help", .. var asked] ? [.. asked, "--help"] : args);

// Its exit codes are the command's own below 125, so its own failures need one that no command has.
var isTry = parsed.CommandResult.Command.Name == TryCommand.Name;
if (parsed.Errors.Count > 0 && parsed.Action is not HelpExamples.WithExample)
{
    foreach (var error in parsed.Errors) Console.Error.WriteLine($"assay: {error.Message}");
    Console.Error.WriteLine("Run with --help to see what is possible.");
    return isTry ? ExitCodes.Try.OwnFailure : ExitCodes.BadInput;
}

if (ArgumentRule.Refusal(parsed) is { } refusal)
{
    Console.Error.WriteLine($"assay: {refusal}");
    return isTry ? ExitCodes.Try.OwnFailure : ExitCodes.BadInput;
}

WorkspaceTables.Progress = done => Console.Error.WriteLine($"assay: making the workspace's tables for this build: {done.Streams} of {done.Of} streams");
using var signals = new Signals();
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, signals.Token);
}
catch (LedgerException e)
{
    Console.Error.WriteLine($"assay: {e.Message}");
    return isTry ? ExitCodes.Try.OwnFailure : ExitCodes.FailClosed;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"assay: {e.Message}");
    return isTry ? ExitCodes.Try.OwnFailure : ExitCodes.FailClosed;
}
catch (Exception e) when (Environment.GetEnvironmentVariable("ASSAY_DEBUG") is null)
{
    Console.Error.WriteLine($"assay: this is a bug in Assay: {e.Message} (ASSAY_DEBUG=1 shows where)");
    return isTry ? ExitCodes.Try.OwnFailure : ExitCodes.FailClosed;
}
