using Assay.Host;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Cli.Output;

/// <summary>A summary as a person reads it.</summary>
internal static class SummaryTable
{
    public static void Print(EpochSummary summary)
    {
        var table = new TextTable("CRUCIBLE", "OUTCOME", "TIME", "RUN", "NOTES");
        foreach (var run in summary.Runs)
        {
            var ran = run.Outcome != CrucibleOutcome.NotRun;
            table.Add(run.CrucibleId, WireName<CrucibleOutcome>.Of(run.Outcome), ran ? Shown.Duration(run.DurationMs) : "", run.RunId, Words.Safe(string.Join(", ", run.Notes)));
        }

        table.Write(Console.Out);
        var mode = summary.Mode == EpochMode.Normal ? "" : $" ({WireName<EpochMode>.Of(summary.Mode)})";
        var reason = summary.Reason is null ? "" : $": {summary.Reason}";
        var notRun = summary.CruciblesNotRun > 0 ? $", {summary.CruciblesNotRun} not run" : "";
        Console.Out.WriteLine();
        var counts = $"{summary.CruciblesPassed} of {summary.CruciblesTotal} passed, {summary.CruciblesFailed} failed{notRun}";
        var uncaged = summary.Uncaged == 0 ? "" : $"  {CageNote.Uncaged}: {summary.Uncaged} of them, which nothing kept away from this machine";
        var open = summary.NetworkOpen == 0 ? "" : $"  {CageNote.NetworkOpen}: {summary.NetworkOpen} of them, which had the host's own network";
        Console.Out.WriteLine($"{summary.EpochId}{mode}: {WireName<EpochVerdict>.Of(summary.EpochVerdict)}{reason}  ({counts}){uncaged}{open}");
    }
}

/// <summary>An escalation as a person reads it.</summary>
internal static class LadderTable
{
    public static void Print(LadderSummary summary)
    {
        var table = new TextTable("RUNG", "ATTEMPT", "EPOCH", "VERDICT", "REACHED");
        foreach (var attempt in summary.Attempts)
        {
            var verdict = attempt.Verdict is { } given ? WireName<EpochVerdict>.Of(given) : "none";
            table.Add($"{attempt.Rung + 1}", $"{attempt.Attempt}", attempt.EpochId, verdict, attempt.Reached ? "yes" : "no");
        }

        table.Write(Console.Out);
        Console.Out.WriteLine();
        Console.Out.WriteLine($"{summary.LadderId}: {(summary.Reached ? "reached the top" : $"stopped: {summary.Reason}")}");
    }
}
