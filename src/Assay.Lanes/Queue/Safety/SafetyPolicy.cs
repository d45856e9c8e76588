using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Queue.Safety;

/// <summary>
/// Constraints ready to judge by. All checks are made, the worst verdict counts, and no word exempts from a check. It looks at no clock and at nothing of
/// the host but through the place, so that worker and service come to the same.
/// </summary>
internal sealed class SafetyPolicy
{
    private readonly Lazy<TextJudge> _text;
    private readonly CommandJudge _command;
    private readonly Digest _sha256;

    private SafetyPolicy(SafetyConstraints constraints, Digest sha256)
    {
        (_text, _command, _sha256) = (new Lazy<TextJudge>(() => new TextJudge(constraints.Text)), new CommandJudge(constraints), sha256);
        Cases = constraints.Cases;
    }

    /// <summary>What the project says must be judged so.</summary>
    public ImmutableArray<PolicyCase> Cases { get; }

    /// <summary>What is judged where there are no constraints that can be used.</summary>
    /// <param name="why">What is wrong with them.</param>
    public static SafetyReport Unavailable(string why) => new(
        SafetyVerdict.Deny, null, null, [new SafetyFinding(SafetyChecks.Constraints, SafetyVerdict.Deny, SafetyRules.ConstraintsUnavailable, "", why)]);

    /// <summary>Takes constraints that satisfy their contract.</summary>
    /// <param name="document">The document.</param>
    /// <param name="sha256">Of its bytes.</param>
    /// <param name="isThorough">Whether every pattern is made ready to be matched, which takes seconds.</param>
    public static Checked<SafetyPolicy> Of(InputDocument document, Digest sha256, bool isThorough = false)
    {
        var constraints = document.Root.Deserialize(SafetyJson.Default.SafetyConstraints)!;
        var problems = ConstraintsRule.Problems(document, constraints, isThorough).ToList();
        return problems.Count > 0 ? Checked<SafetyPolicy>.Refused(problems) : new SafetyPolicy(constraints, sha256);
    }

    /// <summary>Judges a task.</summary>
    public SafetyReport Judge(SafetySubject subject)
    {
        var checks = ImmutableArray.CreateBuilder<SafetyFinding>();
        checks.Add(new SafetyFinding(SafetyChecks.Constraints, SafetyVerdict.Allow));
        try
        {
            Add(checks, SafetyChecks.Text, subject.Texts.SelectMany(t => _text.Value.Judge(t.Text, t.Where)), subject.Texts.Length > 0);
        }
        catch (Exception e) when (e is NotSupportedException or RegexParseException)
        {
            return Unavailable($"a pattern cannot be matched; assay queue check says which: {e.Message}");
        }

        var effect = Command(subject, checks);
        return new SafetyReport(checks.Max(static c => c.Verdict), _sha256, effect, checks.ToImmutable());
    }

    private SafetyEffect? Command(SafetySubject subject, ImmutableArray<SafetyFinding>.Builder checks)
    {
        var workspace = Tree(subject).ToList();
        var judged = subject.HasCommand ? Words(subject) : null;
        if (judged?.Effect == SafetyEffect.Write && !subject.HasWorkingTree)
        {
            workspace.Add(new SafetyFinding(SafetyChecks.Workspace, SafetyVerdict.Deny, SafetyRules.NeedsWorkingTree, "/working_tree"));
        }

        Add(checks, SafetyChecks.Workspace, workspace, isMade: judged is not null || subject.Tree is not null);
        if (judged is null) return null;
        Add(checks, SafetyChecks.Network, judged.Findings.Where(static f => f.Check == SafetyChecks.Network), isMade: true);
        Add(checks, SafetyChecks.Command, judged.Findings.Where(static f => f.Check != SafetyChecks.Network), isMade: true);
        return judged.Effect;
    }

    private IEnumerable<SafetyFinding> Tree(SafetySubject subject)
    {
        if (subject.Tree is { } tree && _command.Paths.Refused(tree.Path, tree.Root) is { } rule)
        {
            yield return new SafetyFinding(SafetyChecks.Workspace, SafetyVerdict.Deny, rule, "/working_tree", BoundedPart.Of(tree.Path));
        }
    }

    private JudgedCommand Words(SafetySubject subject)
    {
        if (subject.Command is not { } text) return _command.Judge(subject.Words!.Value, subject.CommandAt, subject.Place);
        var split = ShellWords.Split(text);
        if (split.Refused is not { } part) return _command.Judge(split.Words, subject.CommandAt, subject.Place);
        return new JudgedCommand([new SafetyFinding(SafetyChecks.Command, SafetyVerdict.Deny, SafetyRules.ShellSyntax, subject.CommandAt, part)], null);
    }

    private static void Add(ImmutableArray<SafetyFinding>.Builder checks, string check, IEnumerable<SafetyFinding> found, bool isMade)
    {
        var before = checks.Count;
        checks.AddRange(found);
        if (isMade && checks.Count == before) checks.Add(new SafetyFinding(check, SafetyVerdict.Allow));
    }
}
