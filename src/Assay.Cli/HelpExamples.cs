using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Assay.Cli;

/// <summary>Adds an example to each command's help.</summary>
internal static class HelpExamples
{
    private static readonly Dictionary<string, string> Examples = new(StringComparer.Ordinal)
    {
        ["assay"] = "assay epoch run examples/epochs/gnu-sort/plan.yaml",
        ["epoch"] = "assay epoch run plan.yaml && assay epoch show EPOCH_BASELINE",
        ["run"] = "assay epoch run plan.yaml --jobs 2",
        ["preflight"] = "assay epoch preflight plan.yaml",
        ["show"] = "assay epoch show EPOCH_BASELINE --json | jq .epoch_verdict",
        ["list"] = "assay epoch list",
        ["escalate"] = "assay epoch escalate ladder.yaml --autonomous --max-epochs 5",
        ["log"] = "assay log epoch/EPOCH_BASELINE --follow",
        ["verify"] = "assay verify && echo the record is whole",
        ["doctor"] = "assay doctor",
        ["completion"] = "assay completion bash > ~/.local/share/bash-completion/completions/assay",
    };

    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction action) option.Action = new WithExample(action);
        }
    }

    internal sealed class WithExample(HelpAction inner) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var code = inner.Invoke(parseResult);
            var command = parseResult.CommandResult.Command;
            if (Examples.TryGetValue(command is RootCommand ? "assay" : command.Name, out var example))
            {
                parseResult.InvocationConfiguration.Output.WriteLine($"Example:{Environment.NewLine}  {example}{Environment.NewLine}");
            }

            return code;
        }
    }
}
