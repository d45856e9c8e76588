using System.Text.Json;
using Assay.Kernel.Values;

namespace Assay.Tests.Values;

public sealed class UsdTests
{
    [Fact]
    public void A_limit_is_rounded_down_and_what_was_spent_is_rounded_up()
    {
        Assert.Equal(1_234_567, Usd.Allowed(1.2345678m).Micros);
        Assert.Equal(1_234_568, Usd.Spent(1.2345671m).Micros);
        Assert.Equal(500_000, Usd.Allowed(0.5m).Micros);
        Assert.Equal(1, Usd.Spent(0.0000000001m).Micros);
    }

    [Theory]
    [InlineData(0, "$0.00")]
    [InlineData(1_500_000, "$1.50")]
    [InlineData(12_300, "$0.0123")]
    [InlineData(1, "$0.000001")]
    [InlineData(long.MaxValue, "$9223372036854.775807")]
    public void People_read_cents_and_the_digits_that_there_are(long micros, string text) => Assert.Equal(text, new Usd(micros).ToString());

    [Fact]
    public void JSON_holds_the_millionths()
    {
        Assert.Equal("1234567", JsonSerializer.Serialize(new Usd(1_234_567)));
        Assert.Equal(new Usd(-5), JsonSerializer.Deserialize<Usd>("-5"));
        Assert.Equal("null", JsonSerializer.Serialize<Usd?>(null));
    }

    [Fact]
    public void A_sum_never_wraps_around()
    {
        var most = new Usd(long.MaxValue);
        Assert.Equal(most, most + most);
        Assert.Equal(new Usd(long.MinValue), default(Usd) - most - most);
        Assert.Throws<OverflowException>(() => Usd.Spent(10_000_000_000_000m));
    }

    [Fact]
    public void Nothing_is_left_of_a_limit_that_was_passed()
    {
        Assert.Equal(new Usd(2), new Usd(5).Less(new Usd(3)));
        Assert.Equal(default, new Usd(5).Less(new Usd(6)));
    }
}
