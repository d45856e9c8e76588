using System.Diagnostics;

namespace Assay.Tests.Cage;

/// <summary>
/// A child that tries every way out that is known of, on each kind of host and at each level: none leads anywhere, what lies outside is as it was, and nothing
/// is left running.
/// </summary>
public sealed class EscapeTests
{
    private static readonly string Attacker = Path.Combine(SharedData.RepositoryRoot, "tests", "Assay.Cli.Tests", "Cage", "escapes.pl");

    public static TheoryData<string, string> Hosts
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var host in CageHosts.All)
            {
                foreach (var level in new[] { "confined", "strict", "isolated" }) all.Add(host, level);
                if (CageHosts.CanNameHosts(host)) all.Add(host, "named");
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task No_way_out_leads_anywhere(string host, string level)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var outside = new Outside(host);
        using var program = new PublicProgram();
        IReadOnlyList<string> words =
        [
            .. CageHosts.Prefix(host), program.Path, "try", .. level == "named" ? ["--host", "192.0.2.77:443"] : new[] { "--sandbox", level }, "--reads", Attacker, "--time", "60", "--json", "--",
            "perl", Attacker, .. outside.Arguments(CageHosts.HasView(host)),
        ];
        var watch = Stopwatch.StartNew();
        var run = await AssayProgram.RunAsync(words[0], [.. words.Skip(1)], outside.Work, null, TimeSpan.FromMinutes(2));
        Assert.True(run.ExitCode == 0, $"{run.ExitCode} after {watch.Elapsed}: {run.Output} {run.Error}");
        Assert.DoesNotContain("ESCAPED", run.Error, StringComparison.Ordinal);
        Assert.Contains("attempts, 0 escapes", run.Error, StringComparison.Ordinal);
        Assert.Equal(outside.Before, outside.State());
        Assert.Empty(outside.Daemons());
    }
}
