using Assay.Native;

namespace Assay.Engine.Performers.Process;

/// <summary>
/// HOME and TMPDIR of a caged process: folders of its own run root, since what it finds in the person's would be no secret any more, and
/// what it leaves there would be no evidence. What stayed empty is removed afterwards.
/// </summary>
internal sealed class PrivateHome : IDisposable
{
    private const string HomeName = ".home";
    private const string TemporaryName = ".tmp";
    private const uint OwnerOnly = 0x1C0;

    /// <summary>
    /// Says to the .NET SDK that its settings need no migration, for which it would take a mutex below /tmp, which is out of reach without
    /// a view.
    /// </summary>
    private const string MigrationMark = $"{HomeName}/.local/share/NuGet/Migrations/1";

    private readonly FolderHandle _runRoot;
    private readonly bool _hasMark;

    /// <summary>Makes both folders in a run root that nobody else has used.</summary>
    /// <param name="runRoot">The run root.</param>
    /// <param name="hasTmp">Whether the run has a /tmp of its own.</param>
    /// <exception cref="IOException">They cannot be made.</exception>
    public PrivateHome(string runRoot, bool hasTmp)
    {
        (_runRoot, _hasMark) = (FolderHandle.Open(runRoot), !hasTmp);
        try
        {
            foreach (var name in new[] { HomeName, TemporaryName })
            {
                if (!_runRoot.TryMakeFolder(name, OwnerOnly)) throw new IOException($"{runRoot}/{name} is there already");
            }

            if (_hasMark) _runRoot.Create(MigrationMark).Dispose();
        }
        catch
        {
            _runRoot.Dispose();
            throw;
        }
    }

    /// <summary>The variables that name them.</summary>
    public static IReadOnlyList<(string Name, string Value)> Variables(string runRoot) =>
        [("HOME", Path.Combine(runRoot, HomeName)), ("TMPDIR", Path.Combine(runRoot, TemporaryName))];

    public void Dispose()
    {
        using var runRoot = _runRoot;
        if (_hasMark && Try(() => runRoot.Unlink(MigrationMark)))
        {
            for (var at = Path.GetDirectoryName(MigrationMark)!; at.Contains('/', StringComparison.Ordinal); at = Path.GetDirectoryName(at)!)
            {
                if (!Try(() => runRoot.RemoveFolder(at))) break;
            }
        }

        // Takes away empty folders only, and no link.
        Try(() => runRoot.RemoveFolder(HomeName));
        Try(() => runRoot.RemoveFolder(TemporaryName));
    }

    private static bool Try(Func<bool> remove)
    {
        try
        {
            return remove();
        }
        catch (IOException)
        {
            return false;
        }
    }
}
