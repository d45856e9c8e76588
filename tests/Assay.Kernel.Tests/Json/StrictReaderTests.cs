using System.Text;
using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Tests.Json;

public sealed class StrictReaderTests
{
    /// <summary>The inputs that RFC 8259 leaves open and that Assay accepts; all other <c>i_</c> files are refused.</summary>
    private static readonly HashSet<string> AcceptedByChoice =
    [
        "i_number_double_huge_neg_exp.json", "i_number_real_underflow.json", "i_number_too_big_neg_int.json",
        "i_number_too_big_pos_int.json", "i_number_very_big_negative_int.json",
    ];

    [Fact]
    public void Accepts_and_refuses_what_the_parsing_suite_says()
    {
        var wrong = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(SharedData.Folder("json-parsing"), "test_parsing"), "*.json"))
        {
            var name = Path.GetFileName(file);
            var expected = name[0] == 'y' || (name[0] == 'i' && AcceptedByChoice.Contains(name));
            // Assay refuses duplicate keys, which plain JSON allows: I-JSON (RFC 7493) section 2.3.
            if (name is "y_object_duplicated_key.json" or "y_object_duplicated_key_and_value.json") expected = false;
            if (StrictJson.Parse(File.ReadAllBytes(file), name).IsValid != expected) wrong.Add(name);
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void A_problem_in_json_names_line_and_column()
    {
        var document = InputDocument.Read("{\n  \"a\": {\n    \"b\": [1, 2]\n  }\n}"u8.ToArray(), "x.json").Value;
        Assert.Equal("x.json:3:14: /a/b/1: is wrong [rule]", document.Problem("/a/b/1", "rule", "is wrong").ToString());
    }

    [Fact]
    public void Yaml_means_what_its_core_schema_says()
    {
        const string yaml = "a: 1\nb: 1.5\nc: true\nd: ~\ne: \"1\"\nf: [x, 'y', 1e3]\ng: |\n  two\n  lines\nh: 2026-01-01\ni: no\n";
        var document = InputDocument.Read(Encoding.UTF8.GetBytes(yaml), "x.yaml").Value;
        Assert.Equal(
            """{"a":1,"b":1.5,"c":true,"d":null,"e":"1","f":["x","y",1000],"g":"two\nlines\n","h":"2026-01-01","i":"no"}""",
            Encoding.UTF8.GetString(CanonicalJson.Serialize(document.Root)));
    }

    [Theory]
    [InlineData("a: 1\na: 2\n", "duplicate_key", 2)]
    [InlineData("a: &x 1\nb: *x\n", "yaml_alias", 1)]
    [InlineData("a: 1\nb: *x\n", "yaml_alias", 2)]
    [InlineData("a: !!str 1\n", "yaml_tag", 1)]
    [InlineData("a: .inf\n", "number", 1)]
    [InlineData("a: 0x10\n", "number", 1)]
    [InlineData("a: [1, 2\n", "syntax", 2)]
    [InlineData("---\na: 1\n---\nb: 2\n", "syntax", 3)]
    [InlineData("", "syntax", 1)]
    [InlineData("? [a]\n: 1\n", "syntax", 1)]
    public void Yaml_that_is_ambiguous_is_refused_with_its_line(string yaml, string rule, int line)
    {
        var problem = Assert.Single(InputDocument.Read(Encoding.UTF8.GetBytes(yaml), "x.yml").Problems);
        Assert.Equal((rule, line), (problem.Rule, problem.Line));
    }

    [Fact]
    public void A_problem_in_yaml_names_line_and_column()
    {
        var document = InputDocument.Read("a:\n  b:\n    - 1\n    - 2\n"u8.ToArray(), "x.yaml").Value;
        Assert.Equal((4, 7), (document.Problem("/a/b/1", "r", "m").Line!.Value, document.Problem("/a/b/1", "r", "m").Column!.Value));
    }

    [Fact]
    public void Reading_never_throws_on_damaged_input()
    {
        var good = Encoding.UTF8.GetBytes("""{"a":[1,2.5e3,"x\u00e9\n",null,true],"b":{"c":"d"}}""");
        var random = new Random(42);
        for (var i = 0; i < 3000; i++)
        {
            var bytes = good.ToArray();
            for (var k = 0; k < 1 + (i % 4); k++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var json = InputDocument.Read(bytes, "f.json");
            var yaml = InputDocument.Read(bytes, "f.yaml");
            Assert.True(json.IsValid || json.Problems.Count > 0);
            Assert.True(yaml.IsValid || yaml.Problems.Count > 0);
            if (json.IsValid) Assert.NotEqual(JsonValueKind.Undefined, json.Value.Root.ValueKind);
        }
    }
}
