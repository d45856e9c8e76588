using System.Text.RegularExpressions;
using Assay.Cli;
using Assay.Server.Api;

namespace Assay.Tests;

/// <summary>
/// Every refusal that the source knows, with its exit code and its HTTP status: one each, in a table that shows what a change changes.
/// </summary>
public sealed partial class RefusalTableTests
{
    [Fact]
    public void Every_refusal_has_one_exit_code_and_one_status()
    {
        var source = Path.Combine(SharedData.RepositoryRoot, "src");
        var rules = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => Refusals().Matches(File.ReadAllText(f)).Select(m => m.Groups["rule"].Value))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        Assert.True(rules.Count > 40);
        Approved.Matches(string.Concat(rules.Select(r => $"{r,-18} {ExitCodes.OfRefusal(r)}  {Problems.StatusOf(r)}\n")), "refusals");
    }

    /// <summary>The ways in which lanes and those who speak for people refuse.</summary>
    [GeneratedRegex(
        @"(\bRefuse\(|\bNo\(|new JobAnswer\([^,]+, null, |TaskAnswer\.Refused\((?:[^,()]|\([^()]*\))+, |ExecutionEnd\.Refused\(|new StageProblem\()""(?<rule>[a-z_]+)""",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Refusals();
}
