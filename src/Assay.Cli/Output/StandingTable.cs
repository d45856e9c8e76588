using Assay.Host;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Cli.Output;

/// <summary>An epoch without a verdict as a person reads it.</summary>
internal static class StandingTable
{
    public static void Print(EpochStanding epoch)
    {
        var table = new TextTable("CRUCIBLE", "OUTCOME", "TIME", "RUN", "NOTES");
        foreach (var run in epoch.Runs)
        {
            var time = run.Record is null ? "" : Shown.Duration(run.DurationMs);
            table.Add(run.CrucibleId, run.Outcome, time, run.RunId, Words.Safe(string.Join(", ", run.Notes)));
        }

        table.Write(Console.Out);
        var mode = epoch.Mode == EpochMode.Normal ? "" : $" ({WireName<EpochMode>.Of(epoch.Mode)})";
        var state = WireName<EpochProgress>.Of(epoch.State);
        var counts = $"{epoch.CruciblesPassed} of {epoch.CruciblesTotal} passed, {epoch.CruciblesFailed} failed";
        counts += Count(epoch.CruciblesRunning, "running") + Count(epoch.CruciblesInterrupted, "interrupted") + Count(epoch.CruciblesNotRun, "not run");
        Console.Out.WriteLine();
        Console.Out.WriteLine($"{epoch.EpochId}{mode}: {state}  ({counts})");
        if (epoch.State == EpochProgress.Running) return;
        if (epoch.State == EpochProgress.Submitted)
        {
            Console.Out.WriteLine("It waits for a worker: assay worker");
            return;
        }

        var advice = epoch.Resume is { } command
            ? $"It goes on with: {Words.Safe(command)}"
            : "A command that was tried does not go on: try it again";
        Console.Out.WriteLine($"No engine works on it any more. {advice}");
    }

    private static string Count(int number, string what) => number == 0 ? "" : $", {number} {what}";
}
