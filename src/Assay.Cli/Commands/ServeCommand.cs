using System.CommandLine;
using System.Text.Json.Nodes;
using Assay.Access;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Jobs;
using Assay.Kernel.Json;
using Assay.Server;
using Assay.Server.Security;

namespace Assay.Cli.Commands;

/// <summary><c>assay serve</c>: API and pages.</summary>
internal static class ServeCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var urls = new Option<string[]>("--urls") { Description = $"Addresses to listen on (default: {ServeOptions.DefaultUrl})", HelpName = "URL", AllowMultipleArgumentsPerToken = true };
        var hosts = new Option<string[]>("--allowed-host") { Description = "Another name under which it may be asked for, with its port if that is not the scheme's own", HelpName = "HOST" };
        var certificate = new Option<string?>("--certificate") { Description = "PEM certificate for https", HelpName = "FILE" };
        var key = new Option<string?>("--certificate-key") { Description = "PEM key for https", HelpName = "FILE" };
        var policies = new Option<string?>("--policies") { Description = "Folder of policy bundles, or one bundle (default: ASSAY_POLICIES, else policies)", HelpName = "PATH" };
        var writes = CheckedOption.Whole(["--write-rate"], "Requests that write, a second, from one address", standard: 10, least: 1, most: 100_000);
        var places = new JobPlaces();
        var command = new Command("serve", "Serve the API and the pages") { urls, hosts, certificate, key, policies, writes };
        places.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            var given = parsed.GetValue(urls) is { Length: > 0 } list ? list.SelectMany(Addresses).ToArray() : [ServeOptions.DefaultUrl];
            if (given is []) return Refuse($"--urls names no address: one looks like {ServeOptions.DefaultUrl}");
            if (given.FirstOrDefault(u => !Uri.TryCreate(u, UriKind.Absolute, out _)) is { } bad)
            {
                return Refuse($"--urls {bad}: an address looks like {ServeOptions.DefaultUrl}");
            }

            if (WriteAuth.FromEnvironment(static () => "", out var problem) is not { } auth) return Refuse(problem!);
            var options = new ServeOptions
            {
                Urls = [.. given.Select(u => new Uri(u))],
                AllowedHosts = parsed.GetValue(hosts) ?? [],
                CertificateFile = parsed.GetValue(certificate),
                CertificateKeyFile = parsed.GetValue(key),
                Jobs = places.Read(parsed),
                Policies = parsed.GetValue(policies) ?? Environment.GetEnvironmentVariable("ASSAY_POLICIES") ?? "policies",
                WriteAuth = auth,
                WritesPerSecond = parsed.GetValue(writes),
            };

            // Looked at before the workspace is opened, so that what cannot be served leaves nothing behind.
            if (ListenRule.Problem(options) is { } refused) return Refuse(refused);
            if (ListenRule.Taken(options) is { } taken) return Refuse(taken);
            if (places.Named(parsed) is { } components && JobService.ComponentsProblems(components) is { Count: > 0 } unusable)
            {
                return Problems.Print(unusable, globals.Json(parsed));
            }

            if (parsed.GetValue(policies) is { } place && JobService.PolicyProblems(place) is { Count: > 0 } unread)
            {
                return Problems.Print(unread, globals.Json(parsed));
            }

            await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
            if (auth is WriteAuth.Off off)
            {
                options = options with { WriteAuth = off with { Token = OperatorToken.ReadOrCreate(workspace.Root) } };
            }

            await AssayServer.RunAsync(workspace, options, addresses => Announce(addresses, auth, workspace, globals.Json(parsed)), stop);
            return ExitCodes.Done;

            int Refuse(string why) => Problems.Print([new InputProblem(Problems.CommandLine, "", "serve", why)], globals.Json(parsed));
        });
        return command;
    }

    private static string[] Addresses(string given) =>
        given.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static void Announce(IReadOnlyList<string> addresses, WriteAuth auth, Workspace workspace, bool json)
    {
        if (json) Console.Out.WriteLine(new JsonObject { ["urls"] = new JsonArray([.. addresses.Select(a => JsonValue.Create(a))]) }.ToJsonString());
        else foreach (var address in addresses) Console.Out.WriteLine($"Open {address}/ui/jobs");
        Console.Error.WriteLine(auth is WriteAuth.Off
            ? $"To decide, sign in with the operator's token: cat {OperatorToken.PathIn(workspace.Root)}"
            : "Writing needs name and password (ASSAY_WRITE_AUTH_MODE=basic).");
        Console.Error.WriteLine("Jobs are advanced by a worker: assay worker --run-jobs");
    }
}
