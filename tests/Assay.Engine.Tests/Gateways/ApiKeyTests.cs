using Assay.Engine.Gateways;

namespace Assay.Tests.Gateways;

public sealed class ApiKeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_is_one_line_with_or_without_its_end()
    {
        foreach (var text in new[] { "sk-1", "sk-1\n", " sk-1\r\n" })
        {
            File.WriteAllText(_folder.Under("key"), text);
            Assert.Equal("sk-1", ApiKey.Read(_folder.Under("key")));
        }
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(" \n", "is empty")]
    [InlineData("one\nx-other: two", "more than a key")]
    [InlineData("NAME=a b", "more than a key")]
    [InlineData("schl\u00fcssel", "more than a key")]
    public void What_is_no_key_is_told_with_its_file_and_never_shown(string text, string why)
    {
        File.WriteAllText(_folder.Under("key"), text);
        var refusal = Assert.Throws<IOException>(() => ApiKey.Read(_folder.Under("key")));
        Assert.StartsWith(_folder.Under("key"), refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/zero", "is a device")]
    [InlineData("/nowhere", "does not exist")]
    [InlineData("/", "is a folder")]
    public void Only_a_file_is_read(string file, string why) =>
        Assert.Contains(why, Assert.Throws<IOException>(() => ApiKey.Read(file)).Message, StringComparison.Ordinal);
}
