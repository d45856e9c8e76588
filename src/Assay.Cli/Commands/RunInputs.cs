using System.CommandLine;
using Assay.Kernel.Json;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary>The options that name what a run of tasks is made of.</summary>
internal sealed class RunInputs
{
    private readonly Option<string> _runId = new("--run-id", "--run")
    {
        Description = "The run, as task queue and routing name it",
        HelpName = "ID",
        Required = true,
    };

    private readonly Option<string> _root = new("--root")
    {
        Description = "The project, which holds .state",
        HelpName = "DIR",
        DefaultValueFactory = _ => ".",
    };

    private readonly Option<string?> _adapters = new("--adapters")
    {
        Description = "The adapters (adapters_v1; default: adapters.json or .yaml of the project)",
        HelpName = "FILE",
    };

    public IEnumerable<Option> All => [_runId, _root, _adapters];

    public string RunId(ParseResult parsed) => parsed.GetValue(_runId)!;

    public string? Adapters(ParseResult parsed) => parsed.GetValue(_adapters);

    /// <summary>Reads them once and checks them against this host.</summary>
    public Checked<PreparedRun> Prepare(ParseResult parsed) =>
        TaskExecutor.Prepare(parsed.GetValue(_root)!, RunId(parsed), Adapters(parsed), CommandLineCaller.Here.Actor);
}
