using System.Text.RegularExpressions;

namespace Assay.Tests.Jobs;

/// <summary>The shipped example on real prices, as <c>assay demo jobs</c> walks through it.</summary>
public sealed partial class DemoTests
{
    [Fact]
    public async Task The_demo_takes_blueprint_bad_blueprint_and_idea_to_their_ends()
    {
        using var folder = new TemporaryFolder();
        var demo = await AssayProgram.RunAsync(folder.Path, "demo", "jobs", "--workspace", folder.Under("ws"));
        Assert.True(demo.ExitCode == 0, demo.Output + demo.Error);
        var text = demo.Output.Replace(folder.Under("ws"), "WORKSPACE", StringComparison.Ordinal).Replace(SharedData.RepositoryRoot, "CLONE/", StringComparison.Ordinal);
        var steady = Steady().Replace(text, m => m.Value.Length == 12 ? "············" : "YYYY-MM-DD hh:mm:ss+hh:mm");
        Approved.Matches(SiblingsByTitle(steady.Replace(Environment.UserName, "me", StringComparison.Ordinal)), "demo-jobs");
        var verify = await AssayProgram.RunAsync(folder.Path, "verify", "--workspace", folder.Under("ws"));
        Assert.Equal(0, verify.ExitCode);
        foreach (var job in Directory.GetDirectories(folder.Under("ws", "jobs")))
        {
            var shown = await AssayProgram.RunAsync(folder.Path, "job", "show", Path.GetFileName(job), "--workspace", folder.Under("ws"));
            Assert.Contains(shown.ExitCode, new[] { 0, 1, 5 });
        }
    }

    /// <summary>Both children of the idea are of one commit, so of one time, and the list has them by their ids.</summary>
    private static string SiblingsByTitle(string text)
    {
        var lines = text.Split('\n');
        var siblings = Enumerable.Range(0, lines.Length).Where(i => lines[i].Contains("WAITING_APPROVAL", StringComparison.Ordinal)).ToList();
        var sorted = siblings.Select(i => lines[i]).Order(StringComparer.Ordinal).ToList();
        for (var i = 0; i < siblings.Count; i++) lines[siblings[i]] = sorted[i];
        return string.Join('\n', lines);
    }

    /// <summary>Ids cover the components' bytes, which every build makes anew.</summary>
    [GeneratedRegex(@"\b[0-9a-f]{12}\b|\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Steady();
}
