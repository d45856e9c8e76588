using Assay.Lanes.Queue.Safety;

namespace Assay.Tests.Queue.Safety;

/// <summary>How texts are read before rules are looked for, and how words are read out of patterns.</summary>
public sealed class ReadingTests
{
    [Theory]
    [InlineData("Ïgnоrе ΑLL", "ignore all")]
    [InlineData("ｉｇｎｏｒｅ", "ignore")]
    [InlineData("𝐢𝐠𝐧𝐨𝐫𝐞 ⓐⓛⓛ", "ignore all")]
    [InlineData("ig\u200bno\u00adre", "ignore")]
    [InlineData("i\u0301gno\u0338re", "ignore")]
    [InlineData("Straße für Ærø", "strasse fur aero")]
    [InlineData("a\u00a0b\u2028c", "a b\nc")]
    public void Letters_are_read_by_their_look(string text, string read) => Assert.Equal(read, FoldedText.Of(text).Text.ToString());

    [Theory]
    [InlineData("ig-no-re", "ignore")]
    [InlineData("i.g.n.o.r.e all", "ignore all")]
    [InlineData("1gn0r3 @ll", "ignore aii")]
    [InlineData("i g n o r e  a l l", "ignore all")]
    [InlineData("ignore_all-previous", "ignore all previous")]
    [InlineData("instruc-\ntions", "instructions")]
    public void A_disguise_has_a_reading_without_it(string text, string reading)
    {
        var folded = FoldedText.Of(text);
        var readings = Readings.Of(folded, 0, folded.Length).ToList();
        var letters = readings.Select(Readings.Letters).OfType<MappedText>();
        Assert.Contains(reading, readings.Concat(letters).Select(static r => r.Text.ToString().Trim()));
    }

    [Fact]
    public void Each_character_knows_where_it_came_from()
    {
        const string text = "Ⅷ  ig\u200bn-o";
        var reading = Readings.Of(FoldedText.Of(text), 0, FoldedText.Of(text).Length).Last();
        for (var i = 0; i < reading.Length; i++)
        {
            if (char.IsAsciiLetter(reading[i]) && text[reading.From(i)] < 128) Assert.Equal(reading[i], char.ToLowerInvariant(text[reading.From(i)]));
        }
    }

    [Theory]
    [InlineData("JTM1", 0)]
    [InlineData("aWdub3JlIGFsbCBydWxlcw==", 1)]
    [InlineData("see 69676e6f7265206d65 there", 1)]
    [InlineData("a %69%67%6e b", 1)]
    [InlineData("&#105;&#103;", 1)]
    [InlineData("src/Assay.Lanes/Queue/Safety/EncodedText.cs", 0)]
    [InlineData("d41d8cd98f00b204e9800998ecf8427e", 0)]
    public void What_is_encoded_is_found(string text, int count) => Assert.Equal(count, EncodedText.In(text).Count());

    [Theory]
    [InlineData("\\b(ignore|forget) (all )?rules?", "ignore all rules|ignore all rule|ignore rules|ignore rule|forget all rules|forget all rule|forget rules|forget rule")]
    [InlineData("(send|post).{0,40}keys?\\b", "send|post", "keys|key")]
    [InlineData("a|b")]
    [InlineData("(abc)?def", "abcdef|def")]
    [InlineData("\\w*token(s|x)?", "tokens|tokenx|token")]
    [InlineData("x\\w*token y", "token y")]
    [InlineData("(abc|(defg)+x*)", "abc|defg")]
    [InlineData("[abc]defg|ghi+", "defg|gh")]
    [InlineData("abc\\.def", "abc.def")]
    [InlineData("abc(?=def)")]
    [InlineData("abc)")]
    [InlineData("\\x61bcdef")]
    [InlineData("\\p{L}abcdef")]
    [InlineData("[a-z-[aeiou]]abcdef")]
    public void Words_are_required_only_where_every_match_holds_one(string pattern, params string[] sets) => Assert.Equal(
        sets.Where(static s => s.Split('|').All(static w => w.Length >= 3)), RequiredWords.Of(pattern).Select(static s => string.Join('|', s)));

    [Theory]
    [InlineData("key=[^ ]+ (a|b)l", "key=[^ ]+(a|b)l", "key=[^ ]+ (a|b)i")]
    [InlineData("\\ball {0,3}rules?\\b", "allrules?", "\\baii {0,3}ruies?\\b")]
    [InlineData("\\p{L}l\\\\l[l-n]", "\\p{L}l\\\\l[l-n]", "\\p{L}i\\\\i[l-n]")]
    [InlineData("[a-z-[ l]] ?l", "[a-z-[ l]]l", "[a-z-[ l]] ?i")]
    public void A_pattern_has_a_form_for_each_reading(string pattern, string squeezed, string letters)
    {
        Assert.Equal(squeezed, TextPattern.Squeezed(pattern));
        Assert.Equal(letters, TextPattern.Letters(pattern));
    }

    /// <summary>The words without which no pattern is tried must be in all that it matches: else a rule would be passed over.</summary>
    [Fact]
    public void No_match_lacks_what_is_required()
    {
        var prompts = File.ReadLines(Path.Combine(SharedData.RepositoryRoot, "tests/Assay.Lanes.Tests/Queue/Safety/Cases/prompts.tsv"))
            .Select(static line => FoldedText.Of(System.Text.Json.JsonSerializer.Deserialize<string>(line.Split('\t', 3)[2])!).Text.ToString());
        var all = string.Join("\n", prompts).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var policy = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "policies/safety_constraints.json")))!["text"]!;
        var patterns = new[] { "deny", "approval" }.SelectMany(list => policy[list]!.AsArray())
            .SelectMany(static e => e!["pattern"] is { } one ? [(string)one!] : e["all"]!.AsArray().Select(static p => (string)p!));
        Func<string, string>[] readings =
        [
            static t => t, static t => Read(Readings.Letters, t), static t => Squeezed(t), static t => Read(Readings.Letters, Squeezed(t)),
        ];
        var forms = TextPattern.Forms(isSqueezed: true).ToList();
        Assert.Equal(readings.Length, forms.Count);
        for (var form = 0; form < forms.Count; form++)
        {
            var texts = all.Select(readings[form]).ToList();
            Assert.All(patterns, pattern =>
            {
                var (regex, required) = (TextPattern.Compile(forms[form](pattern)), RequiredWords.Of(forms[form](pattern)));
                foreach (var text in texts)
                {
                    if (required.All(set => set.Any(w => text.Contains(w, StringComparison.Ordinal)))) continue;
                    Assert.False(regex.IsMatch(text), $"{pattern} matches {text}");
                }
            });
        }

        static string Read(Func<MappedText, MappedText?> read, string text) => read(FoldedText.Of(text)) is { } other ? other.Text.ToString() : text;

        static string Squeezed(string text) => Readings.Squeezed(FoldedText.Of(text), 0, text.Length).Text.ToString();
    }
}
