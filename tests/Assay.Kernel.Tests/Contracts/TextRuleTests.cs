using System.Text;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;

namespace Assay.Tests.Contracts;

public sealed class TextRuleTests
{
    [Theory]
    [InlineData("a\0b", false, false)]
    [InlineData("a\u001b[2J", false, false)]
    [InlineData("a\u007f", false, false)]
    [InlineData("a\u009b", false, false)]
    [InlineData("a\rb", false, false)]
    [InlineData("a\r\nb", false, true)]
    [InlineData("a\nb", false, true)]
    [InlineData("a\tb", false, true)]
    [InlineData("a\u202eb", false, true)]
    [InlineData("a\u2069b", false, true)]
    [InlineData("äöü – 漢字 🙂", true, true)]
    public void Names_hold_no_control_characters_and_texts_only_line_breaks_and_tabs(string text, bool mayBeName, bool mayBeText)
    {
        Assert.Equal(mayBeName, TextRule.Refused(text, isFree: false) is null);
        Assert.Equal(mayBeText, TextRule.Refused(text, isFree: true) is null);
    }

    [Fact]
    public void A_key_that_somebody_chose_makes_no_text_of_a_path()
    {
        var plan = """{"schema_version":"epoch_plan_v1","crucible_specs":{"title":"a\nb.json","prompt":"c\td.json"}}""";
        Assert.Equal(["/crucible_specs/title", "/crucible_specs/prompt"], Check(plan, "plan.json", "epoch_plan_v1").Select(p => p.Pointer));
    }

    [Fact]
    public void What_a_contract_leaves_open_is_text_and_its_keys_are_names()
    {
        var blueprint = """{"schema_version":"blueprint_v1","title":"t","strategy":{"code":"a\n\tb","deep":[{"more":"c\u0000"}],"k\ney":1}}""";
        Assert.Equal(["/strategy/deep/0/more", "/strategy"], Check(blueprint, "blueprint.json", "blueprint_v1").Select(p => p.Pointer));
    }

    [Fact]
    public void A_document_in_yaml_is_read_by_the_same_rule()
    {
        var problem = Assert.Single(Check("schema_version: idea_spec_v1\ntitle: \"a\\0b\"\ndescription: |\n  two\n  lines\n", "idea.yaml", "idea_spec_v1"));
        Assert.Equal("idea.yaml:2:8: /title: holds U+0000 (NUL), which may not stand in a text: take it out [control_character]", problem.ToString());
    }

    [Fact]
    public void Only_strings_are_declared_free_text()
    {
        foreach (var version in ContractCatalog.Versions) Look(ContractCatalog.Schema(version), version);
    }

    private static void Look(JsonElement schema, string at)
    {
        if (schema.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in schema.EnumerateArray()) Look(item, at);
        }

        if (schema.ValueKind != JsonValueKind.Object) return;
        if (schema.TryGetProperty("contentMediaType", out var media))
        {
            Assert.True(media.GetString() == "text/plain" && schema.GetProperty("type").GetRawText().Contains("\"string\"", StringComparison.Ordinal), at);
        }

        foreach (var property in schema.EnumerateObject()) Look(property.Value, $"{at}/{property.Name}");
    }

    private static IReadOnlyList<InputProblem> Check(string text, string source, string version)
    {
        var document = InputDocument.Read(Encoding.UTF8.GetBytes(text), source);
        return document.IsValid ? ContractCatalog.Check(document.Value, version).Problems : document.Problems;
    }
}
