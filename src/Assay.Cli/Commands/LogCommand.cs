using System.CommandLine;
using System.Text;
using System.Text.Json;
using Assay.Jobs;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Command = System.CommandLine.Command;

namespace Assay.Cli.Commands;

/// <summary><c>assay log</c>: the events as they are stored, but for what is sealed.</summary>
internal static class LogCommand
{
    private const int PageEvents = 1024;
    private const int MaxDataLength = 160;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    public static Command Create(GlobalOptions globals)
    {
        var stream = new Argument<string?>("STREAM") { Description = "A stream such as epoch/EPOCH_BASELINE (default: all)", Arity = ArgumentArity.ZeroOrOne };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new events until interrupted" };
        var command = new Command("log", "Print events in the order of their commits") { stream, follow };
        command.SetAction(async (parsed, cancel) =>
        {
            StreamName? only = null;
            if (parsed.GetValue(stream) is { } text)
            {
                if (!StreamName.TryParse(text, out var name))
                {
                    Console.Error.WriteLine($"assay: \"{text}\" is no stream name: it is a lane, a slash and an id, such as epoch/EPOCH_BASELINE");
                    return ExitCodes.BadInput;
                }

                only = name;
            }

            await using var workspace = globals.OpenForReading(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            if (only is { } wanted && !parsed.GetValue(follow) && workspace.Store.Find(wanted) is null)
            {
                Console.Error.WriteLine($"assay: there is no stream {wanted}");
                return ExitCodes.BadInput;
            }

            await PrintAsync(workspace.Store, only, parsed.GetValue(follow), globals.Json(parsed), cancel);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task PrintAsync(IEventStore store, StreamName? only, bool follow, bool json, CancellationToken cancel)
    {
        // A document a line when it goes on for ever, else one array.
        var isArray = json && !follow;
        var first = true;
        long position = 0;
        if (isArray) Console.Out.Write('[');
        while (!cancel.IsCancellationRequested)
        {
            var page = store.ReadAll(position, PageEvents);
            foreach (var stored in page)
            {
                position = stored.Position;
                if (only is { } wanted && stored.Stream != wanted) continue;
                if (isArray) Console.Out.Write(first ? "\n" : ",\n");
                first = false;
                var shown = ShownEvent.Of(stored);
                var line = json ? Encoding.UTF8.GetString(shown.Span) : Line(shown);
                if (isArray) Console.Out.Write(line);
                else Console.Out.WriteLine(line);
            }

            if (page.Count == PageEvents) continue;
            if (!follow) break;
            await Task.Delay(LookEvery, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (isArray) Console.Out.WriteLine(first ? "]" : "\n]");
    }

    private static string Line(ReadOnlyMemory<byte> shown)
    {
        var fields = EventEnvelope.Fields(shown);
        var data = JsonSerializer.Serialize(fields.Data, LogJson.Default.JsonElement);
        if (data.Length > MaxDataLength) data = data[..MaxDataLength] + "…";
        return $"{fields.At:yyyy-MM-dd HH:mm:ss.fff}  {fields.Stream}@{fields.Version}  {fields.Type,-18} {data}";
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonElement))]
internal sealed partial class LogJson : System.Text.Json.Serialization.JsonSerializerContext;
