using Assay.Engine.Workspaces;
using Assay.Epochs;
using Assay.Lanes.Epochs;

namespace Assay;

/// <summary>Epochs for other programs: the library call that the command line itself uses.</summary>
public static class EpochLibrary
{
    /// <summary>Runs a plan and returns its summary.</summary>
    /// <param name="planPath">The plan.</param>
    /// <param name="resume">Go on with an interrupted epoch of this plan.</param>
    /// <param name="artifactsRoot">Where the artifacts are written; null: the workspace.</param>
    /// <param name="mode">Normal, shadow or salvage.</param>
    /// <param name="runnerCommandOverride">Runs this in place of every crucible's command.</param>
    /// <param name="workspace">The workspace; null: ASSAY_WORKSPACE, else <c>.assay</c> in the current folder.</param>
    /// <param name="cancel">Ends what is under way and records it.</param>
    /// <exception cref="EpochRefusedException">The plan was refused, or another process runs the epoch; nothing ran.</exception>
    public static async Task<EpochSummary> RunEpochFromPlan(
        string planPath, bool resume = false, string? artifactsRoot = null, EpochMode mode = EpochMode.Normal,
        IReadOnlyList<string>? runnerCommandOverride = null, string? workspace = null, CancellationToken cancel = default)
    {
        var options = new EpochOptions { Resume = resume, ArtifactsRoot = artifactsRoot, Mode = mode, RunnerCommandOverride = runnerCommandOverride };
        var prepared = EpochRunner.Prepare(planPath, options);
        if (!prepared.IsValid) throw new EpochRefusedException(string.Join(Environment.NewLine, prepared.Problems));
        var root = workspace ?? Environment.GetEnvironmentVariable("ASSAY_WORKSPACE") ?? WorkspacePaths.DefaultName;
        await using var opened = await Workspace.OpenAsync(root, KnownLanes.All);
        var answer = await new EpochRunner(opened, TimeProvider.System).RunAsync(prepared.Value, cancel);
        return answer.IsGiven ? answer.Value.Summary : throw new EpochRefusedException($"{answer.Subject}: {answer.Refusal.Text} [{answer.Refusal.Kind}]");
    }
}

/// <summary>A plan was refused before anything ran; the message names file, place and rule.</summary>
public sealed class EpochRefusedException(string message) : Exception(message);
