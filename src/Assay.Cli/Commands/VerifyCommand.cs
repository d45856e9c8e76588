using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Host;
using Assay.Ledger.Mirror;
using Assay.Ledger.Verification;

namespace Assay.Cli.Commands;

/// <summary><c>assay verify</c>: whether ledger and files agree with themselves and each other.</summary>
internal static class VerifyCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var command = new Command("verify", "Check every chain, version and file of the workspace, and name the first that does not agree");
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = await globals.OpenForReadingAsync(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            var report = await new LedgerVerifier(workspace.Store, KnownLanes.All, new FileMirror(workspace.Root)).VerifyAsync();
            if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(report, VerifyJson.Default.VerifyReport));
            else Print(report);
            return report.Problems.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static void Print(VerifyReport report)
    {
        foreach (var problem in report.Problems) Console.Out.WriteLine($"{problem.Where}: {problem.Message} [{problem.Rule}]");
        var behind = Shown.Count(report.Behind, "file");
        if (report.Behind > 0) Console.Out.WriteLine($"{behind} not written yet: run the epoch again with --resume, or a worker");
        var (streams, events, files) = (Shown.Count(report.Streams, "stream"), Shown.Count(report.Events, "event"), Shown.Count(report.Files, "file"));
        Console.Out.WriteLine($"{streams}, {events}, {files}: {Verdict(report.Problems.Count)}");
    }

    private static string Verdict(int problems) => problems switch
    {
        0 => "all agree",
        1 => "1 does not agree",
        _ => $"{problems} do not agree; the first is named first",
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(VerifyReport))]
internal sealed partial class VerifyJson : JsonSerializerContext;
