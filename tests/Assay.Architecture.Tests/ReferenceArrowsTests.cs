using System.Xml.Linq;

namespace Assay.Tests;

/// <summary>References run downward only, as the design draws them. Transitive project references are off, so what is declared is all there is.</summary>
public sealed class ReferenceArrowsTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Assay.Kernel"] = [],
        ["Assay.Lanes"] = ["Assay.Kernel"],
        ["Assay.Native"] = [],
        ["Assay.Ledger"] = ["Assay.Kernel", "Assay.Native"],
        ["Assay.Engine"] = ["Assay.Kernel", "Assay.Ledger", "Assay.Native"],
        ["Assay"] = ["Assay.Engine", "Assay.Kernel", "Assay.Lanes", "Assay.Ledger", "Assay.Native"],
        ["Assay.Gateway"] = ["Assay.Engine", "Assay.Kernel"],
        ["Assay.Server"] = ["Assay", "Assay.Engine", "Assay.Kernel", "Assay.Lanes", "Assay.Ledger", "Assay.Native"],
        ["Assay.Cli"] = ["Assay", "Assay.Engine", "Assay.Gateway", "Assay.Kernel", "Assay.Lanes", "Assay.Ledger", "Assay.Server"],
    };

    private static string Source => Path.Combine(SharedData.RepositoryRoot, "src");

    [Fact]
    public void Every_project_references_only_what_lies_below_it()
    {
        var projects = Directory.GetFiles(Source, "*.csproj", SearchOption.AllDirectories);
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), projects.Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
        foreach (var project in projects)
        {
            var references = Values(project, "ProjectReference").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal);
            Assert.Equal(Allowed[Path.GetFileNameWithoutExtension(project)], references);
        }
    }

    [Fact]
    public void Kernel_depends_on_nothing_but_its_yaml_parser_and_lanes_on_nothing_at_all()
    {
        Assert.Equal(["YamlDotNet"], Values(Path.Combine(Source, "Assay.Kernel", "Assay.Kernel.csproj"), "PackageReference"));
        Assert.Empty(Values(Path.Combine(Source, "Assay.Lanes", "Assay.Lanes.csproj"), "PackageReference"));
    }

    [Fact]
    public void Transitive_project_references_are_off()
    {
        var properties = XDocument.Load(Path.Combine(SharedData.RepositoryRoot, "Directory.Build.props"));
        Assert.Equal("true", properties.Descendants("DisableTransitiveProjectReferences").Single().Value);
    }

    [Theory]
    [InlineData("Assay.Kernel")]
    [InlineData("Assay.Lanes")]
    public void Kernel_and_lanes_do_no_io_read_no_clock_and_draw_no_random_number(string project)
    {
        string[] forbidden = ["File.", "Directory.", "DateTimeOffset.UtcNow", "DateTime.UtcNow", "DateTime.Now", "TimeProvider.System", "new Random", "Random.Shared", "Guid.NewGuid", "Environment.", "Process.Start", "HttpClient"];
        foreach (var file in Directory.GetFiles(Path.Combine(Source, project), "*.cs", SearchOption.AllDirectories))
        {
            var text = File.ReadAllText(file);
            foreach (var word in forbidden) Assert.False(Uses(text, word), $"{file} uses {word}");
        }
    }

    private static bool Uses(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            if (at == 0 || !(char.IsLetterOrDigit(text[at - 1]) || text[at - 1] == '.')) return true;
        }

        return false;
    }

    private static IEnumerable<string> Values(string project, string item) =>
        XDocument.Load(project).Descendants(item).Select(e => e.Attribute("Include")!.Value);
}
