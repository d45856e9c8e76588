using System.CommandLine;
using Assay.Cli;
using Assay.Cli.Commands;
using Assay.Cli.Output;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Ledger;
using Assay.Ledger.Opening;

var globals = new GlobalOptions();
var root = CommandTree.Create(globals);

// As git and dotnet take it: help COMMAND is COMMAND --help. A word that begins with @ is no file of words.
var parsed = root.Parse(args is ["help", .. var asked] ? [.. asked, "--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null });

// Its exit codes are the command's own below 125, so its own failures need one that no command has.
var isTry = parsed.CommandResult.Command.Name == TryCommand.Name;
if (parsed.Action is not HelpExamples.WithExample && UsageRule.Problems(parsed) is { Count: > 0 } wrong)
{
    if (UsageRule.Missing(parsed).Count > 0) return Problems.Print(wrong, globals.Json(parsed));
    return Refuse(wrong, ExitCodes.BadInput);
}

if (ArgumentRule.Refusal(parsed) is { } refusal) return Refuse([refusal], ExitCodes.BadInput);
if (StoreSetting.OfEnvironment() is { IsValid: false } store) return Refuse(store.Problems, ExitCodes.BadInput);

if (globals.NamesFile(parsed))
{
    var code = Problems.Print(globals.WorkspacePath(parsed), Absent.Workspace(), globals.Json(parsed));
    return isTry ? ExitCodes.Try.OwnFailure : code;
}

WorkspaceTables.Progress = done => Console.Error.WriteLine($"assay: making the workspace's tables for this build: {done.Streams} of {done.Of} streams");
using var signals = new Signals();
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, signals.Token);
}
catch (LedgerException e)
{
    return Fail("ledger", e.Message);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    return Fail("io", e.Message);
}
catch (Exception e) when (Environment.GetEnvironmentVariable("ASSAY_DEBUG") is null)
{
    return Fail("bug", $"this is a bug in Assay: {e.Message} (ASSAY_DEBUG=1 shows where)");
}

int Fail(string rule, string message) => Refuse([new InputProblem(Problems.CommandLine, "", rule, message)], ExitCodes.FailClosed);

int Refuse(IReadOnlyList<InputProblem> problems, int code)
{
    Problems.Print(problems, globals.Json(parsed));
    return isTry ? ExitCodes.Try.OwnFailure : code;
}
