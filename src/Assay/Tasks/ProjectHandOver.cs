using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;
using Assay.Native;

namespace Assay.Tasks;

/// <summary>
/// The files that a workspace's record has in a project, when the project goes to another one: they are put aside, not written over, and the
/// record says where they are, so that it can be verified as before. Each step may be made again after a crash.
/// </summary>
/// <param name="project">The project.</param>
/// <param name="root">Its absolute path.</param>
/// <param name="time">The clock.</param>
internal sealed class ProjectHandOver(FolderHandle project, string root, TimeProvider time)
{
    /// <summary>Calls the files of a record that is not known any more.</summary>
    private const string Nobody = "of-nobody";

    private StreamName Stream => ProjectLane.StreamOf(TaskIdentity.ProjectId(root));

    /// <summary>Puts aside what the workspace wrote that had the project, and says so in its record, if it is still there.</summary>
    /// <param name="from">That workspace; null: nobody knows.</param>
    /// <param name="to">Which one has the project now.</param>
    /// <param name="lanes">The lanes of this build.</param>
    /// <returns>Why it cannot be given away; null when it was.</returns>
    /// <exception cref="Ledger.LedgerException">That record cannot be written.</exception>
    /// <exception cref="IOException">A file cannot be put aside.</exception>
    public async Task<Refusal?> GiveAsync(string? from, string to, LaneSet lanes)
    {
        var key = FreeKey(from is null ? Nobody : $"of-{Digest.Of(from).Short(8)}");
        if (from is not null && Workspace.Exists(from))
        {
            await using var other = await Workspace.OpenAsync(from, lanes);
            if (await StateAsync(other) is { Requests: [var open, ..] })
            {
                var advice = $"let it come to its end: assay worker --once --workspace {from}";
                return new Refusal(TaskRefusals.ProjectClaimed, $"{open.PatchId} is being brought into or out of the tree in the workspace {from}; {advice}");
            }

            key = await SaidAsync(other, new HandOverProject(to, key)) ?? key;
        }

        foreach (var path in TaskPaths.OfRecord) project.RenameToNew(path, NameOf(TaskPaths.Aside(path, key)));
        return null;
    }

    /// <summary>Puts aside what is in a project that nobody has claimed, unless this workspace's own record wrote it.</summary>
    public async Task MakeRoomAsync(Workspace workspace)
    {
        if (await StateAsync(workspace) is not { HandedOver: null }) await GiveAsync(from: null, workspace.Root, workspace.Lanes);
    }

    /// <summary>Gives the files of a workspace's own record their names again, if they were put aside.</summary>
    public async Task TakeBackAsync(Workspace workspace)
    {
        if (await StateAsync(workspace) is not { HandedOver: { } over }) return;
        foreach (var path in TaskPaths.OfRecord) project.RenameToNew(TaskPaths.Aside(path, over.Key), NameOf(path));
        await new CommandHandler(workspace, time).SubmitAsync(ProjectLane.Instance, Stream, new TakeBackProject());
    }

    /// <summary>Says it in the record of a workspace that has done something in the project. The key in force.</summary>
    private async Task<string?> SaidAsync(Workspace workspace, HandOverProject over)
    {
        if (await StateAsync(workspace) is null) return null;
        await WorkspaceTables.ReadyAsync(workspace);
        var (_, state) = await new CommandHandler(workspace, time).SubmitAsync(ProjectLane.Instance, Stream, over);
        return ((ProjectState)state).HandedOver!.Key;
    }

    private async Task<ProjectState?> StateAsync(Workspace workspace) => await workspace.Store.FindAsync(Stream) is null
        ? null
        : (ProjectState)(await StreamLoad.OfAsync(workspace.Store, ProjectLane.Instance, Stream)).State;

    /// <summary>A key under which nothing lies yet: what is there may be the evidence of a workspace that is gone.</summary>
    private string FreeKey(string key)
    {
        var free = key;
        for (var number = 2; TaskPaths.OfRecord.Any(path => project.Look(TaskPaths.Aside(path, free)) is not null); number++) free = $"{key}-{number}";
        return free;
    }

    private static string NameOf(string path) => Path.GetFileName(path);
}
