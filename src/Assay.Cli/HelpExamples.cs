using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Assay.Cli;

/// <summary>Adds an example to each command's help.</summary>
internal static class HelpExamples
{
    private static readonly Dictionary<string, string> Examples = new(StringComparer.Ordinal)
    {
        ["assay"] = "assay epoch run examples/epochs/gnu-sort/plan.yaml",
        ["assay try"] = "assay try --memory 256 --time 10 --writes . -- make test",
        ["assay epoch"] = "assay epoch run plan.yaml && assay epoch show EPOCH_BASELINE",
        ["assay epoch run"] = "assay epoch run plan.yaml --jobs 2",
        ["assay epoch submit"] = "assay epoch submit plan.yaml && assay worker --once",
        ["assay epoch check"] = "assay epoch check plan.yaml",
        ["assay epoch preflight"] = "assay epoch check plan.yaml",
        ["assay epoch show"] = "assay epoch show EPOCH_BASELINE --json | jq .epoch_verdict",
        ["assay epoch list"] = "assay epoch list",
        ["assay epoch escalate"] = "assay epoch escalate ladder.yaml --autonomous --max-epochs 5",
        ["assay job"] = "assay job list --state WAITING_APPROVAL",
        ["assay job submit-blueprint"] = "assay job submit-blueprint blueprint.yaml --snapshot prices_2010 --policy-bundle policies.yaml",
        ["assay job submit-idea"] = "assay job submit-idea idea.yaml --snapshot prices_2010 --policy-bundle policies.yaml",
        ["assay job approve"] = "assay job approve 1f3a5c7e9b0d --step runspec --hash $(assay job show 1f3a5c7e9b0d --json | jq -r .waiting.sha256)",
        ["assay job reject"] = "assay job reject 1f3a5c7e9b0d --step blueprint --hash SHA256 --reason \"too short a history\" --replacement blueprint.yaml",
        ["assay job spawn"] = "assay job spawn 1f3a5c7e9b0d --proposal slower",
        ["assay job cancel"] = "assay job cancel 1f3a5c7e9b0d --reason \"not needed any more\"",
        ["assay job check"] = "assay job check blueprint.yaml --snapshot prices_2010 --policy-bundle policies.yaml",
        ["assay job retry"] = "assay job retry 1f3a5c7e9b0d --components components.json",
        ["assay job rerun"] = "assay job rerun 1f3a5c7e9b0d --components components.json --reason \"the gates read the wrong column\"",
        ["assay job show"] = "assay job show 1f3a5c7e9b0d --json | jq .waiting",
        ["assay job list"] = "assay job list --state WAITING_APPROVAL --sort updated",
        ["assay job document"] = "assay job document 1f3a5c7e9b0d runspec | jq .segments",
        ["assay job replay"] = "assay job replay .assay/jobs/1f3a5c7e9b0d/events.jsonl",
        ["assay registry"] = "assay registry list --verdict PASS",
        ["assay registry list"] = "assay registry list --sort recorded --json | jq '.items[] | select(.gates_failed > 1)'",
        ["assay registry show"] = "assay registry show 7 --json | jq .card",
        ["assay execute"] = "assay execute --run-id kata-night-1 --jobs 4",
        ["assay task"] = "assay task list",
        ["assay task check"] = "assay task check --run-id kata-night-1",
        ["assay task list"] = "assay task list --run-id kata-night-1",
        ["assay task show"] = "assay task show roman",
        ["assay task done"] = "assay task done release --evidence note.md",
        ["assay task fail"] = "assay task fail release --reason \"nobody is there to write it\"",
        ["assay task retry"] = "assay task retry shorten && assay execute --run-id kata-night-1",
        ["assay task cancel"] = "assay task cancel golf --reason \"not needed any more\"",
        ["assay run"] = "assay run status kata-night-1",
        ["assay run list"] = "assay run list --json | jq -r '.items[].run_id'",
        ["assay run status"] = "assay run status kata-night-1 --json | jq .counts",
        ["assay adapter"] = "assay adapter list",
        ["assay adapter list"] = "assay adapter list --json | jq '.items[] | select(.circuit != \"CLOSED\")'",
        ["assay adapter check"] = "assay adapter check remote",
        ["assay patch"] = "assay patch list --state quarantined",
        ["assay patch list"] = "assay patch list --run-id kata-night-1",
        ["assay patch show"] = "assay patch show 33ea23d73a34981b | git apply --stat",
        ["assay patch apply"] = "assay patch apply 33ea23d73a34981b --3way",
        ["assay patch rollback"] = "assay patch rollback 33ea23d73a34981b",
        ["assay queue"] = "assay queue check --init",
        ["assay queue check"] = "assay queue check --root night --init",
        ["assay queue judge"] = "assay queue judge --command 'git log --oneline -n 5' --json | jq .checks",
        ["assay demo tasks"] = "assay demo tasks",
        ["assay worker"] = "assay worker --run-jobs --once",
        ["assay serve"] = "assay serve --components components.json --policies policies.yaml",
        ["assay demo"] = "assay demo jobs",
        ["assay demo jobs"] = "assay demo jobs",
        ["assay token"] = "assay token list",
        ["assay token create"] = "assay token create --role submitter --name ci --days 90",
        ["assay token list"] = "assay token list",
        ["assay token revoke"] = "assay token revoke 1f3a5c7e",
        ["assay events"] = "assay events EPOCH_BASELINE --follow",
        ["assay log"] = "assay events EPOCH_BASELINE --follow",
        ["assay verify"] = "assay verify && echo the record is whole",
        ["assay rebuild"] = "assay rebuild",
        ["assay doctor"] = "assay doctor",
        ["assay completion"] = "assay completion bash > ~/.local/share/bash-completion/completions/assay",
    };

    /// <summary>Whether a command, named with all that stands before it, has one.</summary>
    public static bool Has(string command) => Examples.ContainsKey(command);

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
            if (Examples.TryGetValue(PathOf(parseResult.CommandResult), out var example))
            {
                parseResult.InvocationConfiguration.Output.WriteLine($"Example:{Environment.NewLine}  {example}{Environment.NewLine}");
            }

            return code;
        }

        private static string PathOf(SymbolResult result) => result switch
        {
            CommandResult { Command: not RootCommand, Parent: { } parent } command => $"{PathOf(parent)} {command.Command.Name}",
            _ => "assay",
        };
    }
}
