using System.CommandLine;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Inputs;

namespace Assay.Cli.Commands;

/// <summary>Options that every command takes.</summary>
internal sealed class GlobalOptions
{
    /// <summary>Names the workspace when no option does.</summary>
    public const string WorkspaceVariable = "ASSAY_WORKSPACE";

    private readonly Option<string?> _workspace = new("--workspace")
    {
        Description = "Folder of the workspace (default: ASSAY_WORKSPACE, else .assay in the current folder)",
        HelpName = "DIR",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print one JSON document on standard output, and nothing else there",
        Recursive = true,
    };

    public void AddTo(RootCommand root)
    {
        root.Add(_workspace);
        root.Add(_json);
    }

    public bool Json(ParseResult parsed) => parsed.GetResult(_json) is { } given && !given.Errors.Any() && parsed.GetValue(_json);

    /// <summary>The workspace that the person named; null when none was.</summary>
    public string? GivenWorkspace(ParseResult parsed)
    {
        var path = parsed.GetValue(_workspace) ?? Environment.GetEnvironmentVariable(WorkspaceVariable);
        return string.IsNullOrEmpty(path) ? null : path;
    }

    public string WorkspacePath(ParseResult parsed) => GivenWorkspace(parsed) ?? WorkspacePaths.DefaultName;

    /// <summary>Whether what is named as the workspace can be none, nor become one: it is a file.</summary>
    public bool NamesFile(ParseResult parsed) => File.Exists(WorkspacePath(parsed));

    /// <summary>A workspace that is there already; null, with a message, when there is none.</summary>
    public Task<Workspace?> OpenExistingAsync(ParseResult parsed) =>
        ExistingAsync(parsed, static path => Workspace.OpenAsync(path, KnownLanes.All));

    /// <summary>The same for a command that only reads.</summary>
    public Task<Workspace?> OpenForReadingAsync(ParseResult parsed) =>
        ExistingAsync(parsed, static path => Workspace.OpenForReadingAsync(path, KnownLanes.All));

    private async Task<Workspace?> ExistingAsync(ParseResult parsed, Func<string, Task<Workspace>> open)
    {
        var path = WorkspacePath(parsed);
        if (Workspace.Exists(path)) return await open(path);
        Problems.Print(path, Absent.Workspace(), Json(parsed));
        return null;
    }
}
