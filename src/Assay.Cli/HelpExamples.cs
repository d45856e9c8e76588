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
        ["job"] = "assay job list --state WAITING_APPROVAL",
        ["submit-blueprint"] = "assay job submit-blueprint blueprint.yaml --snapshot prices_2010 --policy-bundle policies.yaml",
        ["submit-idea"] = "assay job submit-idea idea.yaml --snapshot prices_2010 --policy-bundle policies.yaml",
        ["approve"] = "assay job approve 1f3a5c7e9b0d --step runspec --hash $(assay job show 1f3a5c7e9b0d --json | jq -r .waiting.sha256)",
        ["reject"] = "assay job reject 1f3a5c7e9b0d --step blueprint --hash SHA256 --reason \"too short a history\" --replacement blueprint.yaml",
        ["spawn"] = "assay job spawn 1f3a5c7e9b0d --proposal slower",
        ["cancel"] = "assay job cancel 1f3a5c7e9b0d --reason \"not needed any more\"",
        ["retry"] = "assay job retry 1f3a5c7e9b0d --components components.json",
        ["document"] = "assay job document 1f3a5c7e9b0d runspec | jq .segments",
        ["replay"] = "assay job replay .assay/jobs/1f3a5c7e9b0d/events.jsonl",
        ["worker"] = "assay worker --run-jobs --once",
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
