namespace Assay.Lanes.Epochs;

/// <summary>Where an epoch's files lie, relative to the workspace or the artifacts root. Ids match a pattern that no path can escape by.</summary>
internal static class EpochPaths
{
    public static string Folder(string epochId) => $"epochs/{epochId}";

    public static string Crucible(string epochId, string crucibleId) => $"epochs/{epochId}/{crucibleId}";

    public static string Manifest(string epochId) => $"epochs/{epochId}/epoch_manifest.json";

    public static string Coverage(string epochId, int number) => $"epochs/{epochId}/{Numbered("epoch_coverage", number)}.json";

    public static string Summary(string epochId, int number) => $"epochs/{epochId}/{Numbered("epoch_summary", number)}.json";

    public static string RunRecord(string epochId, string crucibleId, int number) =>
        $"epochs/{epochId}/{crucibleId}/{Numbered("run_record", number)}.json";

    public static string Salvage(string epochId) => $"epochs/{epochId}/salvage";

    public static string RunRoot(string kernelTarget, string runId) => $"c019_runs/{kernelTarget}/{runId}";

    /// <summary>The first has no number; nothing is ever overwritten.</summary>
    private static string Numbered(string stem, int number) => number == 1 ? stem : $"{stem}.{number}";
}
