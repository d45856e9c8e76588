using Assay.Engine.Files;
using Assay.Engine.Processes.Native;

namespace Assay.Engine.Processes;

/// <summary>
/// HOME and TMPDIR of a caged process: folders of its own run root, since what it finds in the person's would be no secret any more, and what it leaves
/// there would be no evidence. What stayed empty is removed afterwards.
/// </summary>
internal sealed class PrivateHome : IDisposable
{
    private const string HomeName = ".home";
    private const string TemporaryName = ".tmp";

    private readonly string _runRoot;
    private readonly bool _hasMark;

    /// <summary>
    /// Says to the .NET SDK that its settings need no migration, for which it would take a mutex below /tmp, which is out of reach without a view.
    /// </summary>
    private const string MigrationMark = ".local/share/NuGet/Migrations/1";

    /// <summary>Makes both folders in a run root that nobody else has used.</summary>
    /// <param name="runRoot">The run root.</param>
    /// <param name="hasTmp">Whether the run has a /tmp of its own.</param>
    /// <exception cref="IOException">They cannot be made.</exception>
    public PrivateHome(string runRoot, bool hasTmp)
    {
        _runRoot = runRoot;
        foreach (var (_, path) in Variables(runRoot))
        {
            if (Libc.MkDir(path, 0x1C0) != 0) throw new IOException($"{path}: {Libc.LastError()}");
        }

        _hasMark = !hasTmp;
        if (hasTmp) return;
        var mark = Path.Combine(runRoot, HomeName, MigrationMark);
        Directory.CreateDirectory(Path.GetDirectoryName(mark)!);
        File.WriteAllBytes(mark, []);
    }

    /// <summary>The variables that name them.</summary>
    public static IReadOnlyList<(string Name, string Value)> Variables(string runRoot) =>
        [("HOME", Path.Combine(runRoot, HomeName)), ("TMPDIR", Path.Combine(runRoot, TemporaryName))];

    public void Dispose()
    {
        if (_hasMark) RemoveMark();

        // Takes away empty folders only, and no link.
        foreach (var (_, path) in Variables(_runRoot)) _ = Libc.RmDir(path);
    }

    /// <summary>Whoever could have put a link in the way has ended by now.</summary>
    private void RemoveMark()
    {
        try
        {
            _ = Libc.Unlink(RootedPath.Resolve(_runRoot, $"{HomeName}/{MigrationMark}"));
        }
        catch (IOException)
        {
            return;
        }

        for (var at = Path.GetDirectoryName(MigrationMark)!; at.Length > 0; at = Path.GetDirectoryName(at)!)
        {
            _ = Libc.RmDir(Path.Combine(_runRoot, HomeName, at));
        }
    }
}
