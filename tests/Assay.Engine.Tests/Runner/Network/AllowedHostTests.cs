using Assay.Kernel.Values;

namespace Assay.Tests.Runner.Network;

public sealed class AllowedHostTests
{
    [Theory]
    [InlineData("api.example.com:443", "api.example.com", 443, false)]
    [InlineData("API.Example.COM:443", "api.example.com", 443, false)]
    [InlineData("*.example.org:8443", "example.org", 8443, true)]
    [InlineData("10.0.0.5:5432", "10.0.0.5", 5432, false)]
    [InlineData("[FD00::1]:443", "fd00::1", 443, false)]
    [InlineData("localhost:1", "localhost", 1, false)]
    [InlineData("xn--bcher-kva.example:65535", "xn--bcher-kva.example", 65535, false)]
    public void A_line_means_one_thing_and_is_written_back(string line, string name, int port, bool isWildcard)
    {
        Assert.True(AllowedHost.TryParse(line, out var host, out var problem), problem);
        Assert.Equal((name, port, isWildcard), (host.Name, host.Port, host.IsWildcard));
        Assert.Equal(line.ToLowerInvariant(), host.ToString());
    }

    [Theory]
    [InlineData("api.example.com")]
    [InlineData("api.example.com:")]
    [InlineData("api.example.com:0")]
    [InlineData("api.example.com:65536")]
    [InlineData("api.example.com:+1")]
    [InlineData("https://api.example.com:443")]
    [InlineData("api.example.com:443/path")]
    [InlineData(":443")]
    [InlineData("a..b:1")]
    [InlineData("-a.b:1")]
    [InlineData("a.b.:1")]
    [InlineData("büch.er:1")]
    [InlineData("a b:1")]
    [InlineData("*:443")]
    [InlineData("*.com:443")]
    [InlineData("*.*.example.org:443")]
    [InlineData("a*.example.org:443")]
    [InlineData("*.10.0.0.5:1")]
    [InlineData("fd00::1:443")]
    [InlineData("[fd00::1%1]:443")]
    [InlineData("127.1:80")]
    [InlineData("0x7f000001:80")]
    [InlineData("2130706433:80")]
    [InlineData("0177.0.0.1:80")]
    [InlineData("1.2.3.4.5:80")]
    public void What_can_be_read_in_two_ways_is_refused(string line)
    {
        Assert.False(AllowedHost.TryParse(line, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData("*.example.org:1", "a.example.org", true)]
    [InlineData("*.example.org:1", "a.b.example.org", true)]
    [InlineData("*.example.org:1", "example.org", false)]
    [InlineData("*.example.org:1", "badexample.org", false)]
    [InlineData("*.example.org:1", ".example.org", false)]
    [InlineData("example.org:1", "a.example.org", false)]
    [InlineData("example.org:1", "example.org", true)]
    public void A_wildcard_means_what_is_below(string line, string name, bool isMeant)
    {
        Assert.True(AllowedHost.TryParse(line, out var host, out _));
        Assert.Equal(isMeant, host.Matches(name));
    }
}
