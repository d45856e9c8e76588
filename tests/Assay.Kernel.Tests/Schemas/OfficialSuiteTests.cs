using System.Text.Json;
using Assay.Kernel.Schemas;

namespace Assay.Tests.Schemas;

public sealed class OfficialSuiteTests(ITestOutputHelper output)
{
    private const string Remote = "http://localhost:1234/";

    [Fact]
    public void Passes_every_required_test_of_draft_2020_12()
    {
        var (passed, failures) = Run(SearchOption.TopDirectoryOnly, "");
        Assert.Empty(failures);
        Assert.Equal(1299, passed);
    }

    [Fact]
    public void Reports_the_optional_tests()
    {
        var (passed, failures) = Run(SearchOption.TopDirectoryOnly, "optional");
        var (formats, formatFailures) = Run(SearchOption.AllDirectories, Path.Combine("optional", "format"));
        output.WriteLine($"optional: {passed} passed, {failures.Count} failed; format as assertion (annotation here): {formats} agree, {formatFailures.Count} differ");
        foreach (var failure in failures) output.WriteLine(failure);
        Assert.True(passed >= 140, $"only {passed} optional tests pass");
    }

    private static (int Passed, List<string> Failures) Run(SearchOption depth, string folder)
    {
        var suite = SharedData.Folder("json-schema-test-suite");
        var remotes = LoadRemotes(Path.Combine(suite, "remotes"));
        var passed = 0;
        var failures = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(suite, "tests", "draft2020-12", folder), "*.json", depth).Order(StringComparer.Ordinal))
        {
            foreach (var group in Read(file).EnumerateArray())
            {
                JsonSchema? schema = null;
                var broken = "";
                try
                {
                    var registry = new SchemaRegistry();
                    foreach (var (uri, document) in remotes) registry.Add(uri, document);
                    registry.Add("https://test.invalid/schema", group.GetProperty("schema"));
                    schema = registry.Compile("https://test.invalid/schema");
                }
                catch (SchemaException e)
                {
                    broken = e.Message;
                }

                foreach (var test in group.GetProperty("tests").EnumerateArray())
                {
                    var name = $"{Path.GetFileName(file)}: {group.GetProperty("description")}: {test.GetProperty("description")}";
                    var errors = schema?.Validate(test.GetProperty("data"));
                    if (errors is not null && errors.Count == 0 == test.GetProperty("valid").GetBoolean()) passed++;
                    else failures.Add($"{name} {broken}{(errors is [var first, ..] ? first : null)}");
                }
            }
        }

        return (passed, failures);
    }

    private static List<(string Uri, JsonElement Document)> LoadRemotes(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories)
            .Select(f => (Remote + Path.GetRelativePath(folder, f), Read(f)))
            .Where(r => r.Item2.ValueKind != JsonValueKind.Object || !r.Item2.TryGetProperty("$schema", out var draft)
                || !draft.GetString()!.Contains("draft-0", StringComparison.Ordinal) && !draft.GetString()!.Contains("2019", StringComparison.Ordinal)),
    ];

    private static JsonElement Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.Clone();
    }
}
