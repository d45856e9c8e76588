using System.CommandLine;
using Assay.Cli.Output;
using Assay.Kernel.Json;

namespace Assay.Cli.Commands;

/// <summary>The one word for looking at an input, and at whether this host can run it, without running anything: <c>check</c>.</summary>
internal static class CheckCommand
{
    public const string Name = "check";

    /// <summary>A command that prints what is wrong, and exits with 2 when anything is.</summary>
    /// <param name="globals">Options of every command.</param>
    /// <param name="description">What is checked.</param>
    /// <param name="inputs">Its arguments and options.</param>
    /// <param name="look">Says what is wrong, and what was looked at.</param>
    /// <param name="name">An older word for it, which help does not show.</param>
    public static Command Create(
        GlobalOptions globals, string description, IEnumerable<Symbol> inputs,
        Func<ParseResult, (string What, IReadOnlyList<InputProblem> Problems)> look, string name = Name)
    {
        var command = new Command(name, description) { Hidden = name != Name };
        foreach (var input in inputs)
        {
            if (input is Argument argument) command.Add(argument);
            else command.Add((Option)input);
        }

        command.SetAction(parsed =>
        {
            var (what, problems) = look(parsed);
            return Print(globals, parsed, what, problems);
        });
        return command;
    }

    /// <summary>Prints what is wrong, or that nothing is.</summary>
    public static int Print(GlobalOptions globals, ParseResult parsed, string what, IReadOnlyList<InputProblem> problems)
    {
        if (problems.Count > 0) return Problems.Print(problems, globals.Json(parsed));
        Console.Out.WriteLine(globals.Json(parsed) ? "{\"problems\":[]}" : $"{Words.Safe(what)} can run here");
        return ExitCodes.Done;
    }
}
