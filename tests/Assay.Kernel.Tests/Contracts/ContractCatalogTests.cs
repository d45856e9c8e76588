using System.Text;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Schemas;

namespace Assay.Tests.Contracts;

public sealed class ContractCatalogTests
{
    public static TheoryData<string> Versions => [.. ContractCatalog.Versions];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Every_contract_is_a_valid_schema_that_compiles(string version)
    {
        var metaschema = new SchemaRegistry().Compile("https://json-schema.org/draft/2020-12/schema");
        Assert.Empty(metaschema.Validate(ContractCatalog.Schema(version)));
        Assert.EndsWith($"/{version}.schema.json", ContractCatalog.Schema(version).GetProperty("$id").GetString(), StringComparison.Ordinal);
        _ = ContractCatalog.Validate(version, ContractCatalog.Schema(version));
    }

    [Theory]
    [InlineData("{}", "schema_version")]
    [InlineData("[]", "type")]
    [InlineData("{\"schema_version\":\"epoch_plan_v7\"}", "schema_version")]
    [InlineData("{\"schema_version\":\"crucible_v1\"}", "schema_version")]
    public void A_document_of_another_version_is_refused(string json, string rule)
    {
        var document = InputDocument.Read(Encoding.UTF8.GetBytes(json), "x.json").Value;
        Assert.Equal(rule, Assert.Single(ContractCatalog.Check(document, "epoch_plan_v1").Problems).Rule);
    }

    /// <summary>A busy machine takes long for any pattern, so one that has a way in linear time is not given up for that.</summary>
    [Theory]
    [InlineData("^(a+)+$", "!", "must match")]
    [InlineData("^(a+)+b|!$", "!", null)]
    [InlineData("^(a+)+\\\\1$", "!", "could not be matched")]
    public void A_pattern_that_takes_long_is_decided_where_it_can_be(string pattern, string end, string? said)
    {
        var registry = new SchemaRegistry();
        registry.Add("https://test.invalid/s", StrictJson.Parse(Encoding.UTF8.GetBytes($$"""{"pattern":"{{pattern}}"}"""), "s").Value);
        var schema = registry.Compile("https://test.invalid/s");
        var errors = schema.Validate(StrictJson.Parse(Encoding.UTF8.GetBytes($"\"{new string('a', 40)}{end}\""), "i").Value);
        if (said is null) Assert.Empty(errors);
        else Assert.Contains(said, Assert.Single(errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":5}""")]
    [InlineData("""{"$ref":"#/$defs/absent"}""")]
    [InlineData("""{"pattern":"("}""")]
    [InlineData("""{"minLength":-1}""")]
    [InlineData("""{"$ref":"https://elsewhere.invalid/x"}""")]
    public void A_schema_that_is_broken_is_refused_before_it_judges_anything(string text)
    {
        var registry = new SchemaRegistry();
        registry.Add("https://test.invalid/s", StrictJson.Parse(Encoding.UTF8.GetBytes(text), "s").Value);
        Assert.Throws<SchemaException>(() => registry.Compile("https://test.invalid/s"));
    }
}
