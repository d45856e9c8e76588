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
        Approved.Matches(Steady().Replace(text, m => m.Value.Length == 12 ? "············" : "YYYY-MM-DD hh:mm").Replace(Environment.UserName, "me", StringComparison.Ordinal), "demo-jobs");
        var verify = await AssayProgram.RunAsync(folder.Path, "verify", "--workspace", folder.Under("ws"));
        Assert.Equal(0, verify.ExitCode);
        foreach (var job in Directory.GetDirectories(folder.Under("ws", "jobs")))
        {
            var shown = await AssayProgram.RunAsync(folder.Path, "job", "show", Path.GetFileName(job), "--workspace", folder.Under("ws"));
            Assert.Contains(shown.ExitCode, new[] { 0, 1, 5 });
        }
    }

    /// <summary>Ids cover the components' bytes, which every build makes anew.</summary>
    [GeneratedRegex(@"\b[0-9a-f]{12}\b|\b\d{4}-\d\d-\d\d \d\d:\d\d\b", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Steady();
}
