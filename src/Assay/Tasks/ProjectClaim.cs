using System.Text.Json;
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

    /// <summary>Takes a project for a workspace, or finds that it has it. What a crash left half done is brought to its end.</summary>
    /// <param name="projectRoot">The project.</param>
    /// <param name="workspace">The workspace.</param>
    /// <param name="time">The clock.</param>
    /// <param name="takesOver">Whether it is taken from another workspace, in which nobody may be at work.</param>
    /// <returns>Why not; null when the workspace has it.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static async Task<Refusal?> TakeAsync(string projectRoot, Workspace workspace, TimeProvider time, bool takesOver)
    {
        projectRoot = Path.GetFullPath(projectRoot).TrimEnd('/');
        using var project = FolderHandle.OpenNamed(projectRoot);
        var handOver = new ProjectHandOver(project, projectRoot, time);
        if (project.Look(TaskPaths.Claim) is null)
        {
            await handOver.MakeRoomAsync(workspace);
            project.Write(TaskPaths.Claim, Document(workspace.Root, from: null), replaces: false, isSynced: true);
        }

        var (claim, problem) = Read(projectRoot, workspace.Root);
        if (problem is not null && !takesOver) return problem;
        if (problem is null && claim!.From is null)
        {
            await handOver.TakeBackAsync(workspace);
            return null;
        }

        if (problem is not null && claim?.From is { } earlier)
        {
            var unfinished = $"the workspace {claim.Workspace} has not finished taking the project from {earlier}: assay execute there finishes it";
            return new Refusal(TaskRefusals.ProjectClaimed, unfinished);
        }

        // First the claim, then the look: an engine that begins meanwhile in the other workspace finds that it has the project no more.
        var from = problem is null ? claim!.From : claim?.Workspace;
        project.Write(TaskPaths.Claim, Document(workspace.Root, from), replaces: true, isSynced: true);
        if (await GetAsync(handOver, workspace, from) is { } refusal)
        {
            project.Write(TaskPaths.Claim, Document(from!, from: null), replaces: true, isSynced: true);
            return refusal;
        }

        // What is given away is done with before anything of this workspace has its name again: a crash in between is told from one before.
        project.Write(TaskPaths.Claim, Document(workspace.Root, from: null), replaces: true, isSynced: true);
        await handOver.TakeBackAsync(workspace);
        return null;
    }

    /// <summary>Gets the project from the workspace that had it; there is a refusal when that cannot be.</summary>
    private static async Task<Refusal?> GetAsync(ProjectHandOver handOver, Workspace workspace, string? from)
    {
        if (from is null)
        {
            await handOver.MakeRoomAsync(workspace);
            return null;
        }

        string why;
        try
        {
            if (await AtWorkAsync(from, workspace.Lanes) is { } process)
            {
                why = $"process {process} is at work in the workspace {from}, to which the project belongs: end it first";
                return new Refusal(TaskRefusals.ProjectClaimed, why);
            }

            return await handOver.GiveAsync(from, workspace.Root, workspace.Lanes);
        }
        catch (Exception e) when (e is LedgerException or IOException or UnauthorizedAccessException)
        {
            why = $"the workspace {from}, to which the project belongs, cannot give it away: {e.Message}";
            return new Refusal(TaskRefusals.ProjectClaimed, why);
        }
    }

    /// <summary>Why a workspace, which need not be there yet, cannot have a project without taking it from another; null: it can.</summary>
    public static Refusal? Problem(string projectRoot, string workspacePath) => File.Exists(Path.Combine(projectRoot, TaskPaths.Claim))
        ? Read(projectRoot, RealPath.Of(Path.GetFullPath(workspacePath).TrimEnd('/'))).Problem
        : null;

    private static (Claimed? Claim, Refusal? Problem) Read(string projectRoot, string workspaceRoot)
    {
        var found = DocumentFile.Read(Path.Combine(projectRoot, TaskPaths.Claim), Version);
        var claim = found.IsValid ? found.Value.Root.Deserialize(ClaimJson.Default.Claimed)! : null;
        if (claim?.Workspace == workspaceRoot) return (claim, null);
        var why = claim is null
            ? $"{found.Problems[0]} cannot be read as a claim: mend or remove it"
            : $"the project belongs to the workspace {claim.Workspace}: work there (--workspace {claim.Workspace})";
        return (claim, new Refusal(TaskRefusals.ProjectClaimed, $"{why}, or hand it to this one with assay execute --take-over"));
    }

    private static byte[] Document(string workspace, string? from) =>
        JsonSerializer.SerializeToUtf8Bytes(new Claimed(Version, workspace) { From = from }, ClaimJson.Default.Claimed);

    /// <summary>A process that works in a workspace; null when none does, or when it is not there any more.</summary>
    private static async Task<int?> AtWorkAsync(string root, LaneSet lanes)
    {
        if (!Workspace.Exists(root)) return null;
        await using var other = await Workspace.OpenForReadingAsync(root, lanes);
        return (await other.Store.SessionsAsync()).FirstOrDefault(s => s.Holds && !SessionProcess.IsGone(s))?.ProcessId;
    }
}
