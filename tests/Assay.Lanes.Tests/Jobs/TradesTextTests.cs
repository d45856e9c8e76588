using System.Text;
using Assay.Lanes.Jobs;

namespace Assay.Tests.Jobs;

public sealed class TradesTextTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("month,side\n", "month|side", 0)]
    [InlineData("month,side\r\n2003-01,buy\r\n\r\n2003-02,sell", "month|side;2003-01|buy;2003-02|sell", 2)]
    [InlineData("note\n\"a, \"\"b\"\"\nc\"\n", "note;a, \"b\"\nc", 1)]
    [InlineData("a,b\n1\n1,2,3\n", "a|b;1;1|2|3", 2)]
    [InlineData("a\n1\n2\n3\n4\n", "a;1;2;3", 4)]
    [InlineData("a\n\"open,\n2\n", "a;open,\n2\n", 1)]
    public void Lines_are_read_as_RFC_4180_has_them_and_those_beyond_the_most_are_counted(string text, string expected, int total)
    {
        var trades = TradesText.Parse(Encoding.UTF8.GetBytes(text), most: 3);
        var lines = trades.Rows.Prepend(trades.Columns).Select(cells => string.Join('|', cells));
        Assert.Equal((expected, total), (string.Join(';', lines), trades.Total));
    }
}
