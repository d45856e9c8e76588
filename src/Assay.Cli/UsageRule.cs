using System.CommandLine;
using System.CommandLine.Parsing;
using Assay.Kernel.Json;

namespace Assay.Cli;

/// <summary>
/// What is wrong with a command line as such. What is missing is named; of one that is mistyped only that is said, with what was probably
/// meant.
/// </summary>
internal static class UsageRule
{
    public const string Name = "usage";

    private const string Help = "--help shows what is possible";

    /// <summary>A sentence for each thing that is wrong; none when nothing is.</summary>
    public static IReadOnlyList<InputProblem> Problems(ParseResult parsed)
    {
        if (Mistyped(parsed) is { } mistyped) return [Problem(mistyped)];
        var command = parsed.CommandResult.Command;
        var path = PathOf(parsed.CommandResult);
        if (parsed.Errors.Count > 0 && command is { Action: null, Subcommands.Count: > 0 }) return [Problem($"{path} needs a command: {Help}")];
        var missing = Missing(parsed);
        var others = parsed.Errors.Where(e => e.SymbolResult is not ArgumentResult argument || !missing.Contains(argument.Argument));
        return
        [
            .. missing.Count == 0 ? [] : new[] { Problem($"{path} needs {string.Join(" and ", missing.Select(a => a.Name))}: {Help}") },
            .. others.Select(e => Problem($"{e.Message.TrimEnd('.')}: {Help}")),
        ];
    }

    /// <summary>The arguments that the command needs and that were not given.</summary>
    public static IReadOnlyList<Argument> Missing(ParseResult parsed) =>
    [
        .. parsed.CommandResult.Command.Arguments
            .Where(a => a.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(a) is not { Tokens.Count: > 0 }),
    ];

    /// <summary>What is said of a word that is no option of a command.</summary>
    public static string NoOption(CommandResult command, string word)
    {
        var options = Commands(command).SelectMany(c => c.Command.Options.Where(o => !o.Hidden && (o.Recursive || c == command)));
        return $"{PathOf(command)} has no option {word}: {Advice(word, options.SelectMany(o => o.Aliases.Prepend(o.Name)))}";
    }

    private static string? Mistyped(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        var isLiteral = parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash);
        var arguments = command.Children.OfType<ArgumentResult>().Where(a => a.Argument is not Argument<string[]>).SelectMany(a => a.Tokens);
        var option = arguments.Select(t => t.Value).FirstOrDefault(IsOption);
        if (option is not null && !isLiteral) return NoOption(command, option);
        if (parsed.Errors.Count == 0 || parsed.UnmatchedTokens is not [var word, ..]) return null;
        if (IsOption(word)) return NoOption(command, word);
        var place = Place(parsed, word);
        while (command.Parent is CommandResult parent && place < Place(parsed, command.IdentifierToken.Value)) command = parent;
        var commands = command.Command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name).ToList();
        return commands.Count == 0
            ? $"{PathOf(command)} has no place for {word}: {Help}"
            : $"{PathOf(command)} has no command {word}: {Advice(word, commands)}";
    }

    private static int Place(ParseResult parsed, string word) => parsed.Tokens.Select(t => t.Value).ToList().IndexOf(word);

    private static bool IsOption(string word) => word.Length > 1 && word[0] == '-';

    private static string Advice(string word, IEnumerable<string> known) => NearWord.Of(word, known) is { } near ? $"did you mean {near}?" : Help;

    private static InputProblem Problem(string message) => new(Output.Problems.CommandLine, "", Name, message);

    private static IEnumerable<CommandResult> Commands(CommandResult innermost)
    {
        for (SymbolResult? at = innermost; at is not null; at = at.Parent)
        {
            if (at is CommandResult command) yield return command;
        }
    }

    private static string PathOf(CommandResult command)
    {
        var names = Commands(command).Select(c => c.Command).Where(c => c is not RootCommand).Select(c => c.Name).Reverse().ToList();
        return names.Count == 0 ? "assay" : string.Join(' ', names);
    }
}
