using System.CommandLine;
using System.Text;
using Assay.Cli.Output;
using Assay.Host;
using Assay.Jobs;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Command = System.CommandLine.Command;

namespace Assay.Cli.Commands;

/// <summary><c>assay events</c>: the events as they are stored, but for what is sealed, in the order of their commits.</summary>
internal static class EventsCommand
{
    private const int PageEvents = 1024;

    public static Command Create(GlobalOptions globals) => Create(globals, "events", isArray: false);

    /// <summary>
    /// The command under its older name, which help does not show. With <c>--json</c> it prints one array, as scripts that know this name
    /// read it.
    /// </summary>
    public static Command CreateLog(GlobalOptions globals) => Create(globals, "log", isArray: true);

    private static Command Create(GlobalOptions globals, string name, bool isArray)
    {
        const string what = "A stream such as epoch/EPOCH_BASELINE, or the id of an epoch, a job, a run or an adapter (default: all)";
        var stream = new IdArgument("STREAM", what) { Arity = ArgumentArity.ZeroOrOne };
        var after = CheckedOption.OptionalWhole("--after", "Only events behind this position", least: 0, most: int.MaxValue);
        var limit = CheckedOption.OptionalWhole("--limit", "The most events (default: all)", least: 1, most: int.MaxValue);
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new events until interrupted" };
        var command = new Command(name, "Print events in the order of their commits; with --json a document a line, as it is recorded")
        {
            stream, after, limit, follow,
        };
        command.Hidden = isArray;
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await globals.OpenForReadingAsync(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            StreamName? only = null;
            if (parsed.GetValue(stream) is { } text)
            {
                var (found, refusal) = await EventLog.FindAsync(workspace.Store, workspace.Lanes, text);
                if (refusal is not null) return Problems.Print(text, refusal, globals.Json(parsed));
                only = found;
            }

            var log = new EventLog(workspace.Store, only, parsed.GetValue(after) ?? 0);
            var printer = new Printer(globals.Json(parsed), isArray && !parsed.GetValue(follow));
            await foreach (var stored in log.ReadAsync(PageEvents, parsed.GetValue(follow), cancel).ConfigureAwait(false))
            {
                printer.Print(stored);
                if (printer.Count == parsed.GetValue(limit)) break;
            }

            printer.End();
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Writes events, a line or a document each.</summary>
    private sealed class Printer(bool json, bool isArray)
    {
        public int Count { get; private set; }

        public void Print(StoredEvent stored)
        {
            var shown = ShownEvent.Of(stored);
            if (!json) Console.Out.WriteLine(EventLine.Of(stored.Position, shown));
            else if (isArray) Console.Out.Write($"{(Count == 0 ? "[\n" : ",\n")}{Encoding.UTF8.GetString(shown.Span)}");
            else Console.Out.WriteLine(Encoding.UTF8.GetString(shown.Span));
            Count++;
        }

        public void End()
        {
            if (json && isArray) Console.Out.WriteLine(Count == 0 ? "[]" : "\n]");
        }
    }
}
