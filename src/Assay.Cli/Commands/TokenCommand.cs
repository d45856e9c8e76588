using System.CommandLine;
using System.Text.Json.Nodes;
using Assay.Access;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Values;

namespace Assay.Cli.Commands;

/// <summary><c>assay token</c>: who may read, submit and decide over the API and the pages.</summary>
internal static class TokenCommand
{
    private const int MaxDays = 3660;
    private const int MaxName = 100;

    public static Command Create(GlobalOptions globals) =>
        new("token", "Tokens for the API and the pages: who may read, submit and decide") { New(globals), List(globals), Revoke(globals) };

    private static Command New(GlobalOptions globals)
    {
        var role = CheckedOption.Word("--role", "reader; submitter: submits and cancels; operator: decides, so it is a person's", Role.Submitter);
        var name = new Option<string>("--name") { Description = "Whose it is: the person that decides, or the program that submits", Required = true, HelpName = "NAME" };
        name.Validators.Add(result =>
        {
            var given = result.GetValueOrDefault<string>()?.Trim() ?? "";
            if (given.Length is > 0 and <= MaxName && !given.Any(char.IsControl)) return;
            result.AddError($"--name: 1 to {MaxName} characters, none of which steers a terminal");
        });
        var days = CheckedOption.Whole(["--days"], "Days until it is good for nothing (default: until it is revoked)", standard: 0, least: 0, most: MaxDays);
        var command = new Command("create", "Make a token and print it, once") { role, name, days };
        command.SetAction(async (parsed, _) =>
        {
            if (Refused(globals, parsed) is { } refused) return refused;
            var given = parsed.GetValue(name)!.Trim();
            await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
            TimeSpan? lifetime = parsed.GetValue(days) is var number and > 0 ? TimeSpan.FromDays(number) : null;
            var (token, secret) = new TokenBook(workspace.Root, TimeProvider.System).Create(parsed.GetValue(role) ?? Role.Submitter, given, lifetime);
            if (globals.Json(parsed))
            {
                var shown = Item(token);
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
        var list = new ListOptions();
        var command = new Command("list", "Show the tokens that were made, without what they are");
        list.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = await globals.OpenForReadingAsync(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            var (page, next, problem) = list.Page(parsed, new TokenBook(workspace.Root, TimeProvider.System).List(), t => t.TokenId);
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            var listing = new Listing("tokens", "assay token create makes one", "TOKEN", "ROLE", "NAME", "CREATED", "EXPIRES");
            foreach (var token in page)
            {
                listing.Add(Item(token), token.TokenId, WireName<Role>.Of(token.Role), token.Name, Shown.Time(token.CreatedAt), Expiry(token));
            }

            listing.Print(next, globals.Json(parsed));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Revoke(GlobalOptions globals)
    {
        var id = new IdArgument("TOKEN", "The token's id, as assay token list shows it");
        var command = new Command("revoke", "Make a token good for nothing, at once") { id };
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = await globals.OpenExistingAsync(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            if (Refused(globals, parsed) is { } refused) return refused;
            var given = parsed.GetValue(id)!;
            if (!new TokenBook(workspace.Root, TimeProvider.System).Revoke(given))
            {
                return Problems.Print(given, Absent.Token(given), globals.Json(parsed));
            }

            if (globals.Json(parsed)) Console.Out.WriteLine(new JsonObject { ["id"] = given, ["status"] = "revoked" }.ToJsonString());
            else Console.Out.WriteLine($"{given}  revoked");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Who gives out what decides, decides.</summary>
    private static int? Refused(GlobalOptions globals, ParseResult parsed) =>
        DecisionRule.Problem(CommandLineCaller.Here) is { } no ? Problems.Print("token", no, globals.Json(parsed)) : null;

    private static JsonObject Item(AccessToken token) => new()
    {
        ["token_id"] = token.TokenId,
        ["role"] = WireName<Role>.Of(token.Role),
        ["name"] = token.Name,
        ["created_at"] = RecordedTime.Text(token.CreatedAt),
        ["expires_at"] = token.ExpiresAt is { } end ? RecordedTime.Text(end) : null,
    };

    private static string Expiry(AccessToken token) =>
        token.ExpiresAt is not { } end ? "never" : $"{Shown.Time(end)}{(token.HoldsAt(DateTimeOffset.UtcNow) ? "" : " (over)")}";
}
