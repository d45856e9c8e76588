using System.Collections.Immutable;
using Assay.Jobs;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary>Which lanes a worker serves, by the options that name them.</summary>
internal static class WorkerLanes
{
    /// <summary>The jobs alone where it was asked for them so; else those that were named, or all.</summary>
    public static ImmutableHashSet<string> Served(IReadOnlyCollection<string> named, bool runJobs)
    {
        if (runJobs) return [JobModule.Name];
        return named.Count > 0 ? named.ToImmutableHashSet(StringComparer.Ordinal) : [.. KnownLanes.Names];
    }

    /// <summary>Why the options cannot all be followed; null when they can.</summary>
    /// <param name="named">The lanes that were named; none: all.</param>
    /// <param name="runJobs">Whether only jobs are to be served.</param>
    /// <param name="runTasks">Whether runs of projects are to begin.</param>
    public static string? Contradiction(IReadOnlyCollection<string> named, bool runJobs, bool runTasks)
    {
        if (runJobs && runTasks) return "--run-jobs serves the lane jobs alone, and --run-tasks needs the lane tasks: leave one of them out";
        if (runJobs && named.Any(n => n != JobModule.Name)) return "--run-jobs serves the lane jobs alone: leave out --run-jobs or --lanes";
        return runTasks && !Served(named, runJobs).Contains(TaskModule.Name) ? "--run-tasks needs the lane tasks: add it to --lanes" : null;
    }
}
