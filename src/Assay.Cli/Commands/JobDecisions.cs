using System.CommandLine;
using System.Text;
using Assay.Cli.Output;
using Assay.Inputs;
using Assay.Jobs;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Command = System.CommandLine.Command;

namespace Assay.Cli.Commands;

/// <summary><c>assay job approve</c> and <c>reject</c>: a person decides, on what that person saw.</summary>
internal static class JobDecisions
{
    public static Command Approve(GlobalOptions globals)
    {
        var decision = new DecisionOptions(reasonRequired: false);
        var command = new Command("approve", "Let a job go on behind a checkpoint");
        decision.AddTo(command);
        command.SetAction((parsed, _) => JobAnswers.PutAsync(globals, parsed, async service =>
        {
            var (id, step) = decision.Target(parsed);
            return await SeenAsync(service, id, step, decision.Hash(parsed), "Approve") switch
            {
                (_, { } refused) => refused,
                ({ } hash, null) => await service.ApproveAsync(id, step, hash, CommandLineCaller.Here, decision.Reason(parsed)),
                _ => throw new InvalidOperationException("neither a digest nor a refusal"),
            };
        }));
        return command;
    }

    public static Command Reject(GlobalOptions globals)
    {
        var decision = new DecisionOptions(reasonRequired: true);
        var replacement = new Option<string?>("--replacement") { Description = "Propose this document instead; without it the job ends", HelpName = "FILE" };
        var command = new Command("reject", "Turn a document down, with or without a replacement") { replacement };
        decision.AddTo(command);
        command.SetAction((parsed, _) => JobAnswers.PutAsync(globals, parsed, async service =>
        {
            var (id, step) = decision.Target(parsed);
            byte[]? bytes = null;
            if (parsed.GetValue(replacement) is { } path)
            {
                var document = JobService.ReadDocument(path);
                if (!document.IsValid) return Answer<JobReceipt>.Refused(id, document.Problems[0]);
                bytes = Encoding.UTF8.GetBytes(document.Value.Root.GetRawText());
            }

            return await SeenAsync(service, id, step, decision.Hash(parsed), "Reject") switch
            {
                (_, { } refused) => refused,
                ({ } hash, null) => await service.RejectAsync(id, step, hash, CommandLineCaller.Here, decision.Reason(parsed)!, bytes),
                _ => throw new InvalidOperationException("neither a digest nor a refusal"),
            };
        }));
        return command;
    }

    /// <summary>The digest of what the person saw: as given, or of what is shown now on a terminal and confirmed there.</summary>
    private static async Task<(Digest? Hash, Answer<JobReceipt>? Refused)> SeenAsync(
        JobService service, string id, string step, string? given, string verb)
    {
        if (given is not null)
        {
            return given.Length == 64 && given.All(char.IsAsciiHexDigit)
                ? (Digest.Parse(given), null)
                : (null, Answer<JobReceipt>.Refused(id, RequestRefusals.Hash, $"{given} is no SHA-256: assay job show {id} prints the one to name"));
        }

        if (await service.VersionOfAsync(id) == 0) return (null, Answer<JobReceipt>.Refused(id, Absent.Job(id)));
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            return (null, Answer<JobReceipt>.Refused(id, Said.NoHash(id)));
        }

        if (await service.ViewAsync(id) is not { Waiting: { } waiting } view || waiting.Step != step) return (default(Digest), null);
        Console.Out.WriteLine(Words.SafeLines(Encoding.UTF8.GetString((await service.DocumentAsync(view, waiting.Document))!)));
        Console.Error.Write($"{verb} {step} of {id}? [y/N] ");
        return string.Equals(Console.In.ReadLine()?.Trim(), "y", StringComparison.OrdinalIgnoreCase)
            ? (Digest.Parse(waiting.Sha256), null)
            : (null, Answer<JobReceipt>.Refused(id, RequestRefusals.NotConfirmed, "nothing was decided"));
    }

    private sealed class DecisionOptions(bool reasonRequired)
    {
        private readonly IdArgument _id = JobArgument.Id();
        private readonly Option<string> _step = new("--step") { Description = "blueprint, strategy_spec, runspec, trace_preview or improvements", HelpName = "STEP", Required = true };
        private readonly Option<string?> _hash = new("--hash") { Description = "SHA-256 of the document that you saw; asked for on a terminal", HelpName = "SHA256" };
        private readonly Option<string?> _reason = JobArgument.Reason(reasonRequired);

        public void AddTo(Command command)
        {
            command.Add(_id);
            command.Add(_step);
            command.Add(_hash);
            command.Add(_reason);
        }

        public (string Id, string Step) Target(ParseResult parsed) => (parsed.GetValue(_id)!, parsed.GetValue(_step)!);

        public string? Hash(ParseResult parsed) => parsed.GetValue(_hash);

        public string? Reason(ParseResult parsed) => parsed.GetValue(_reason);
    }
}
