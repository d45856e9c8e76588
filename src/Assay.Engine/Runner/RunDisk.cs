using System.Text;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Runner;

/// <summary>
/// A run root that lies in memory while its process runs: what was staged is taken there, and what the process left is kept on the disk, by
/// <c>cp -a</c>, which knows every kind of file, name, time and hole.
/// </summary>
internal sealed class RunDisk : IDisposable
{
    private readonly string _folder;

    /// <param name="folder">The run root on the disk, with what was staged.</param>
    /// <param name="bytes">The disk cap.</param>
    /// <exception cref="IOException">There is no such file system here, or what was staged is more than it may hold.</exception>
    public RunDisk(string folder, long bytes)
    {
        if (Cage.MechanismOf(SandboxLevel.Strict) != Mechanism.View)
        {
            throw new IOException("disk: memory needs a view of Assay's own, as root");
        }

        _folder = folder;
        Memory = new MemoryDisk(bytes);
        if (Copy(folder, $"/proc/self/fd/{ToolRun.FirstDescriptor}") is not { } problem) return;
        Memory.Dispose();
        throw new IOException($"what it is given does not fit into its disk: {problem}");
    }

    public MemoryDisk Memory { get; }

    /// <summary>
    /// Brings what lies there to the disk. To be called once, when nothing of the run is left to change it. When that fails, nothing that
    /// was printed or left is complete evidence, and the end says so.
    /// </summary>
    public ProcessEnd Keep(ProcessEnd end) => IsKept() ? end : end with { Reason = end.Reason ?? KillReason.CaptureFailed };

    private bool IsKept()
    {
        if (!FreeSpace.Suffices(_folder, Memory.UsedBytes)) return false;
        try
        {
            // What was staged; the process had its own copy of it.
            using var folder = FolderHandle.Open(_folder);
            FolderRemoval.Empty(folder, WalkBounds.OfTree);
        }
        catch (IOException)
        {
            return false;
        }

        return Copy($"/proc/self/fd/{ToolRun.FirstDescriptor}", _folder) is null;
    }

    public void Dispose() => Memory.Dispose();

    /// <summary>
    /// Copies all that lies in a folder, and returns what went wrong. The program runs as it is: it follows nothing, and nobody is left who
    /// could change what it reads.
    /// </summary>
    private string? Copy(string from, string to)
    {
        var plan = new CagePlan { Level = SandboxLevel.None, Reads = [], Writes = [], Hides = [], MayHoldSockets = true, WorkFolder = "/" };
        string[] words = ["cp", "-a", "--sparse=always", "--", from + "/.", to];
        try
        {
            var result = ToolRun.Run(plan, words, ["PATH=/usr/bin:/bin", "LC_ALL=C"], [], [Memory.Descriptor]);
            return result.ExitCode == 0 ? null : Encoding.UTF8.GetString(result.Error).TrimEnd();
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
