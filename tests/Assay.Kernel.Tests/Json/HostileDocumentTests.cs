using System.Text;
using Assay.Kernel.Json;

namespace Assay.Tests.Json;

/// <summary>Documents of a megabyte that were made to keep their reader busy: each is refused, or read, soon.</summary>
public sealed class HostileDocumentTests
{
    private const int Size = 1 << 20;

    [Theory]
    [InlineData("[", false)]
    [InlineData("{", false)]
    [InlineData("{a: ", false)]
    [InlineData("- ", false)]
    [InlineData("? ", false)]
    [InlineData("[a: [", false)]
    [InlineData("&a ", false)]
    [InlineData("!t ", false)]
    [InlineData("---\n", false)]
    [InlineData("%TAG ! x\n", false)]
    [InlineData("\"a\" ", false)]
    [InlineData("#\n", false)]
    [InlineData("x  ", true)]
    [InlineData("a\n\n", true)]
    public async Task Yaml_takes_no_longer_than_its_size_asks_for(string part, bool isRead)
    {
        var bytes = Encoding.UTF8.GetBytes(new StringBuilder().Insert(0, part, Size / part.Length).ToString());
        var read = Task.Run(() => InputDocument.Read(bytes, "hostile.yaml", StrictJson.UntrustedDepth), TestContext.Current.CancellationToken);
        Assert.Equal(isRead, (await read.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).IsValid);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "0}")]
    public void Nesting_is_read_up_to_the_bound_that_is_asked_for(string open, string close)
    {
        foreach (var (depth, most) in new[] { (64, 64), (65, 64), (128, 128), (129, 128) })
        {
            var text = new StringBuilder().Insert(0, open, depth).ToString() + (open == "[" ? "" : "0") + new StringBuilder().Insert(0, close.TrimStart('0'), depth);
            Assert.Equal(depth <= most, StrictJson.Parse(Encoding.UTF8.GetBytes(text), "deep.json", most).IsValid);
        }
    }

    [Fact]
    public async Task Keys_that_are_all_the_same_or_all_others_take_no_longer()
    {
        foreach (var key in new Func<int, string>[] { i => "a", i => $"a{i}" })
        {
            var text = "{" + string.Join(',', Enumerable.Range(0, 60_000).Select(i => $"\"{key(i)}\":0")) + "}";
            await Task.Run(() => StrictJson.Parse(Encoding.UTF8.GetBytes(text), "keys.json"), TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        }
    }
}
