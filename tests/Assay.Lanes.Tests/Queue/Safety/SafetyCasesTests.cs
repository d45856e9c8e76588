using System.Text.Json;
using Assay.Kernel.Values;
using Assay.Lanes.Queue.Safety;

namespace Assay.Tests.Queue.Safety;

/// <summary>
/// What people who had read nothing but the policy's description wrote to get past it, and what they leave to a queue every day. A line of a file is a
/// verdict, a rule or -, and a command or prompt as JSON.
/// </summary>
public sealed class SafetyCasesTests
{
    [Theory]
    [InlineData("DENY", 150)]
    [InlineData("NEEDS_APPROVAL", 30)]
    [InlineData("ALLOW", 150)]
    public void Commands_are_judged_as_described(string verdict, int least) => Judge("commands.tsv", verdict, least, ShippedPolicy.Command);

    [Theory]
    [InlineData("DENY", 150)]
    [InlineData("NEEDS_APPROVAL", 30)]
    [InlineData("ALLOW", 150)]
    public void Prompts_are_judged_as_described(string verdict, int least) => Judge("prompts.tsv", verdict, least, ShippedPolicy.Prompt);

    [Fact]
    public void The_shipped_policy_agrees_with_its_own_cases()
    {
        Assert.True(ShippedPolicy.Policy.Cases.Length >= 40);
        Assert.All(ShippedPolicy.Policy.Cases, wanted =>
        {
            var report = wanted.Command is { } command ? ShippedPolicy.Command(command) : ShippedPolicy.Prompt(wanted.Prompt!);
            Assert.Equal(wanted.Verdict, report.Verdict);
            if (wanted.Rule is not null) Assert.Contains(report.Checks, c => c.Rule == wanted.Rule);
        });
    }

    private static void Judge(string file, string verdict, int least, Func<string, SafetyReport> judge)
    {
        var cases = File.ReadLines(Path.Combine(SharedData.RepositoryRoot, "tests/Assay.Lanes.Tests/Queue/Safety/Cases", file))
            .Select(static line => line.Split('\t', 3))
            .Where(fields => fields[0] == verdict)
            .ToList();
        var wrong = new List<string>();
        foreach (var fields in cases)
        {
            var report = judge(JsonSerializer.Deserialize<string>(fields[2])!);
            var rules = string.Join(",", report.Checks.Where(static c => c.Rule is not null).Select(static c => $"{c.Rule}:{c.Shown}"));
            var isRule = fields[1] == "-" || report.Checks.Any(c => c.Rule == fields[1]);
            if (WireName<SafetyVerdict>.Of(report.Verdict) != verdict || !isRule) wrong.Add($"{report.Verdict} {rules} ⇐ {string.Join(' ', fields)}");
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {cases.Count}:\n{string.Join('\n', wrong)}");
        Assert.True(cases.Count >= least, $"there are only {cases.Count}");
    }
}
