using System.Text;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;

namespace Assay.Tests.Contracts;

/// <summary>Contracts that come from outside.</summary>
public sealed class ContractTests
{
    [Theory]
    [InlineData("""{"required":["grid"]}""", """{"schema_version":"own_v1","grid":1}""", true)]
    [InlineData("""{"required":["grid"]}""", """{"schema_version":"own_v1"}""", false)]
    [InlineData("""{"required":["grid"]}""", """{"schema_version":"runspec_v1","grid":1}""", false)]
    [InlineData("""{}""", """{"schema_version":"own_v1","id":"a\u001b[2J"}""", false)]
    public void A_document_names_it_satisfies_it_and_steers_no_terminal(string schema, string document, bool isValid) =>
        Assert.Equal(isValid, Read(schema).Value.Check(Document(document)).IsValid);

    [Theory]
    [InlineData("""{"$ref":"https://example.com/x.json"}""", "$ref")]
    [InlineData("""{"properties":{"a":{"items":[],"anyOf":[{"$ref":"other.json#/x"}]}}}""", "$ref")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "schema")]
    [InlineData("""{"type":5}""", "schema")]
    [InlineData("""{"$id":"http://[", "type":"object"}""", "schema")]
    [InlineData("""[]""", "type")]
    [InlineData("""{"a":1,"a":2}""", "duplicate_key")]
    public void What_is_no_schema_that_stands_alone_is_refused(string schema, string rule) => Assert.Equal(rule, Read(schema).Problems[0].Rule);

    [Fact]
    public void One_that_refers_to_itself_without_end_refuses_every_document()
    {
        var endless = Read("""{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"}]}}}""").Value;
        var refused = endless.Check(Document("""{"schema_version":"own_v1","text":"x"}"""));
        Assert.Contains("refers to itself without end", refused.Problems[0].Message, StringComparison.Ordinal);
    }

    private static Checked<Contract> Read(string schema) => Contract.Read("own_v1", Encoding.UTF8.GetBytes(schema), "own_v1.schema.json");

    private static InputDocument Document(string text) => InputDocument.Read(Encoding.UTF8.GetBytes(text), "document.json").Value;
}
