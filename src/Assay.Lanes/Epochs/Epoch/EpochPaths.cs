namespace Assay.Lanes.Epochs;

/// <summary>Where an epoch's files lie, relative to the workspace or the artifacts root. Ids match a pattern that no path can escape by.</summary>
internal static class EpochPaths
{
    /// <summary>An epoch's folder: below <c>epochs/</c>, or where the artifacts root is the base itself, directly in it.</summary>
    public static string Folder(EpochDeclared epoch) => epoch.ArtifactsRootIsBase ? epoch.EpochId : $"epochs/{epoch.EpochId}";

    public static string Crucible(EpochDeclared epoch, string crucibleId) => $"{Folder(epoch)}/{crucibleId}";

    public static string Manifest(EpochDeclared epoch) => $"{Folder(epoch)}/epoch_manifest.json";

    public static string Coverage(EpochDeclared epoch, int number) => $"{Folder(epoch)}/{Numbered("epoch_coverage", number)}.json";

    public static string Summary(EpochDeclared epoch, int number) => $"{Folder(epoch)}/{Numbered("epoch_summary", number)}.json";

    public static string RunRecord(EpochDeclared epoch, string crucibleId, int number) =>
        $"{Folder(epoch)}/{RunRecord(crucibleId, number)}";

    /// <summary>The same relative to the epoch's folder.</summary>
    public static string RunRecord(string crucibleId, int number) => $"{crucibleId}/{Numbered("run_record", number)}.json";

    public static string Salvage(EpochDeclared epoch) => $"{Folder(epoch)}/salvage";

    public static string RunRoot(string kernelTarget, string runId) => $"c019_runs/{kernelTarget}/{runId}";

    /// <summary>The first has no number; nothing is ever overwritten.</summary>
    private static string Numbered(string stem, int number) => number == 1 ? stem : $"{stem}.{number}";
}
