using System.Text.Json;
using Assay.Engine.Workspaces;
using Assay.Lanes.Epochs;

namespace Assay.Observe;

/// <summary>Summaries as programs read them, in the form of their files, and where those lie.</summary>
internal static class EpochText
{
    /// <summary>A summary in one line.</summary>
    public static string Json(EpochSummary summary) => JsonSerializer.Serialize(summary, EpochFileJson.Shared.EpochSummary);

    /// <summary>What came of a ladder, in one line.</summary>
    public static string Json(LadderSummary summary) => JsonSerializer.Serialize(summary, EpochFileJson.Shared.LadderSummary);

    /// <summary>The folder of an epoch's files, as an absolute path.</summary>
    public static string Folder(Workspace workspace, EpochDeclared epoch) =>
        Path.Combine(workspace.Folder(epoch.ArtifactsRoot), EpochPaths.Folder(epoch));
}
