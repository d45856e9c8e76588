using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Engine.Workspaces;
using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Lanes.Tasks;
using Assay.Ledger;
using Assay.Native;

namespace Assay.Tasks;

/// <summary>
/// Which workspace works on a project: two that did would do every task twice, each by its own record. It stands in
/// <c>.state/workspace.json</c> of the project (contract <c>project_claim_v1</c>).
/// </summary>
internal static class ProjectClaim
{
    private const string Version = "project_claim_v1";

    /// <summary>Takes a project for a workspace, or finds that it has it.</summary>
    /// <param name="projectRoot">The project.</param>
    /// <param name="workspace">The workspace.</param>
    /// <param name="time">The clock.</param>
    /// <param name="takesOver">Whether it is taken from another workspace, in which nobody may be at work.</param>
    /// <returns>Why not; null when the workspace has it.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task<Refusal?> TakeAsync(string projectRoot, Workspace workspace, TimeProvider time, bool takesOver)
    {
        using var project = FolderHandle.OpenNamed(projectRoot);
        var claim = new JsonObject { ["schema_version"] = Version, ["workspace"] = workspace.Root };
        var content = JsonSerializer.SerializeToUtf8Bytes((JsonNode)claim);
        var handOver = new ProjectHandOver(project, projectRoot, time);
        var (owner, problem) = project.Write(TaskPaths.Claim, content, replaces: false, isSynced: true)
            ? (workspace.Root, null)
            : Owner(projectRoot, workspace.Root);
        if (owner == workspace.Root)
        {
            await handOver.TakeAsync(workspace);
            return null;
        }

        if (!takesOver) return problem;
        if (owner is not null && await AtWorkAsync(owner, workspace.Lanes) is { } process)
        {
            var why = $"process {process} is at work in the workspace {owner}, to which the project belongs: end it first";
            return new Refusal(TaskRefusals.ProjectClaimed, why);
        }

        try
        {
            await handOver.GiveAsync(owner, workspace.Root, workspace.Lanes);
        }
        catch (Exception e) when (e is LedgerException or IOException or UnauthorizedAccessException)
        {
            return new Refusal(TaskRefusals.ProjectClaimed, $"the workspace {owner}, to which the project belongs, cannot give it away: {e.Message}");
        }

        project.Write(TaskPaths.Claim, content, replaces: true, isSynced: true);
        await handOver.TakeAsync(workspace);
        return null;
    }

    /// <summary>Why a workspace, which need not be there yet, cannot have a project without taking it from another; null: it can.</summary>
    public static Refusal? Problem(string projectRoot, string workspacePath) => File.Exists(Path.Combine(projectRoot, TaskPaths.Claim))
        ? Owner(projectRoot, RealPath.Of(Path.GetFullPath(workspacePath).TrimEnd('/'))).Problem
        : null;

    private static (string? Owner, Refusal? Problem) Owner(string projectRoot, string workspaceRoot)
    {
        var found = DocumentFile.Read(Path.Combine(projectRoot, TaskPaths.Claim), Version);
        var owner = found.IsValid ? found.Value.Root.GetProperty("workspace").GetString()! : null;
        if (owner == workspaceRoot) return (owner, null);
        var why = owner is null
            ? found.Problems[0].ToString()
            : $"the project belongs to the workspace {owner}: work there (--workspace {owner})";
        return (owner, new Refusal(TaskRefusals.ProjectClaimed, $"{why}, or hand it to this one with assay execute --take-over"));
    }

    /// <summary>A process that works in a workspace; null when none does, or when it is not there any more.</summary>
    private static async Task<int?> AtWorkAsync(string root, LaneSet lanes)
    {
        if (!Workspace.Exists(root)) return null;
        await using var other = await Workspace.OpenForReadingAsync(root, lanes);
        return (await other.Store.SessionsAsync()).FirstOrDefault(s => s.Holds && !SessionProcess.IsGone(s))?.ProcessId;
    }
}
