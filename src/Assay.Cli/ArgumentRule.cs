using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Assay.Cli.Commands;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Ledger.Opening;

namespace Assay.Cli;

/// <summary>
/// What no argument may hold, whatever it is for: ids and paths hold no control character and none that turns the direction of writing,
/// reasons may have several lines (<see cref="TextRule"/>).
/// </summary>
internal static class ArgumentRule
{
    /// <summary>Options whose value is free text. The words of a command that is tried may have lines as well.</summary>
    private static readonly string[] Texts = ["--reason"];

    /// <summary>Options whose value is looked at as what it is: whatever it holds, the answer is a verdict.</summary>
    private static readonly string[] Judged = ["--prompt", "--command"];

    /// <summary>Why the command line is refused; null when it is not.</summary>
    public static InputProblem? Refusal(ParseResult parsed)
    {
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command; at = command.Parent)
        {
            foreach (var given in command.Children.Where(c => c is OptionResult or ArgumentResult))
            {
                if (given is OptionResult { Option.Name: var asked } && Judged.Contains(asked)) continue;
                var (name, isFree) = given switch
                {
                    OptionResult option => (option.Option.Name, Texts.Contains(option.Option.Name)),
                    ArgumentResult argument => (argument.Argument.Name, argument.Argument.Name == TryCommand.CommandWords),
                    _ => ("", false),
                };
                foreach (var token in given.Tokens)
                {
                    if (TextRule.Refused(token.Value, isFree) is { } refused) return Problem(name, refused);
                }
            }
        }

        foreach (var name in new[] { GlobalOptions.WorkspaceVariable, StoreSetting.Variable })
        {
            var value = Environment.GetEnvironmentVariable(name) ?? "";
            if (TextRule.Refused(value, isFree: false) is { } hidden) return Problem(name, hidden);
        }

        return null;
    }

    private static InputProblem Problem(string name, Rune refused) =>
        new(name, "", TextRule.Name, $"holds {TextRule.Describe(refused)}: take it out");
}
