using System.CommandLine;
using System.Text.Json.Nodes;
using Assay.Access;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Kernel.Values;

namespace Assay.Cli.Commands;

/// <summary><c>assay token</c>: who may read, submit and decide over the API and the pages.</summary>
internal static class TokenCommand
{
    private const int MaxDays = 3660;

    public static Command Create(GlobalOptions globals) =>
        new("token", "Tokens for the API and the pages: who may read, submit and decide") { New(globals), List(globals), Revoke(globals) };

    private static Command New(GlobalOptions globals)
    {
        var role = CheckedOption.Word("--role", "reader; submitter: submits and cancels; operator: decides, so it is a person's", Role.Submitter);
        var name = new Option<string>("--name") { Description = "Whose it is: the person that decides, or the program that submits", Required = true, HelpName = "NAME" };
        var days = CheckedOption.Whole(["--days"], "Days until it is good for nothing (default: until it is revoked)", standard: 0, least: 0, most: MaxDays);
        var command = new Command("create", "Make a token and print it, once") { role, name, days };
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = Workspace.Open(globals.WorkspacePath(parsed), KnownLanes.All);
            if (Refused(workspace) is { } refused) return refused;
            var given = parsed.GetValue(name)!.Trim();
            if (given.Length is 0 or > 100 || given.Any(char.IsControl))
            {
                return Refuse("--name: 1 to 100 characters, none of which steers a terminal");
            }

            TimeSpan? lifetime = parsed.GetValue(days) is var number and > 0 ? TimeSpan.FromDays(number) : null;
            var (token, secret) = new TokenBook(workspace.Root, TimeProvider.System).Create(parsed.GetValue(role) ?? Role.Submitter, given, lifetime);
            if (globals.Json(parsed))
            {
                var shown = Shown(token);
                shown["token"] = secret;
                Console.Out.WriteLine(shown.ToJsonString());
            }
            else
            {
                Console.Out.WriteLine(secret);
                Console.Error.WriteLine($"assay: the token {token.TokenId} of {Words.Safe(given)} ({WireName<Role>.Of(token.Role)}); it is kept by its digest and cannot be shown again");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static Command List(GlobalOptions globals)
    {
        var command = new Command("list", "Show the tokens that were made, without what they are");
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = globals.OpenForReading(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            var tokens = new TokenBook(workspace.Root, TimeProvider.System).List();
            if (globals.Json(parsed))
            {
                Console.Out.WriteLine(new JsonObject { ["tokens"] = new JsonArray([.. tokens.Select(Shown)]) }.ToJsonString());
                return ExitCodes.Done;
            }

            Console.Out.WriteLine(tokens.Count == 0 ? "no token was made: assay token create makes one" : $"{"TOKEN",-10}{"ROLE",-11}{"NAME",-24}{"CREATED",-22}EXPIRES");
            foreach (var token in tokens)
            {
                Console.Out.WriteLine(
                    $"{token.TokenId,-10}{WireName<Role>.Of(token.Role),-11}{Words.Safe(token.Name),-24}{token.CreatedAt:yyyy-MM-dd HH:mm:ss}   {Expiry(token)}");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Revoke(GlobalOptions globals)
    {
        var id = new Argument<string>("TOKEN") { Description = "The token's id, as assay token list shows it" };
        var command = new Command("revoke", "Make a token good for nothing, at once") { id };
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = globals.OpenExisting(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            if (Refused(workspace) is { } refused) return refused;
            var given = parsed.GetValue(id)!;
            if (!new TokenBook(workspace.Root, TimeProvider.System).Revoke(given))
            {
                return Refuse($"there is no token {Words.Safe(given)}: assay token list shows those there are");
            }

            Console.Out.WriteLine($"{given}  revoked");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Who gives out what decides, decides.</summary>
    private static int? Refused(Workspace workspace) =>
        DecisionRule.Problem(CommandLineCaller.Here) is { } no ? Refuse(no.Text) : null;

    private static JsonObject Shown(AccessToken token) => new()
    {
        ["token_id"] = token.TokenId,
        ["role"] = WireName<Role>.Of(token.Role),
        ["name"] = token.Name,
        ["created_at"] = RecordedTime.Text(token.CreatedAt),
        ["expires_at"] = token.ExpiresAt is { } end ? RecordedTime.Text(end) : null,
    };

    private static string Expiry(AccessToken token) =>
        token.ExpiresAt is not { } end ? "never" : $"{end:yyyy-MM-dd HH:mm:ss}{(token.HoldsAt(DateTimeOffset.UtcNow) ? "" : " (over)")}";

    private static int Refuse(string problem)
    {
        Console.Error.WriteLine($"assay: {problem}");
        return ExitCodes.BadInput;
    }
}
