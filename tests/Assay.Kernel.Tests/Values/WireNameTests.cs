using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Tests.Values;

public sealed class WireNameTests
{
    private enum Worded
    {
        [JsonStringEnumMemberName("one")]
        First,

        [JsonStringEnumMemberName("two")]
        Second,
    }

    private enum HalfWorded
    {
        [JsonStringEnumMemberName("one")]
        First,

        Second,
    }

    [Fact]
    public void A_word_and_its_value_lead_to_each_other()
    {
        Assert.Equal("OUTPUT_LIMIT", WireName<KillReason>.Of(KillReason.OutputLimit));
        Assert.Equal(KillReason.OutputLimit, WireName<KillReason>.Parse("OUTPUT_LIMIT"));
        Assert.Equal(["one", "two"], WireName<Worded>.All);
    }

    [Fact]
    public void An_undeclared_value_has_no_word() => Assert.Throws<ArgumentOutOfRangeException>(() => WireName<Worded>.Of((Worded)2));

    [Theory]
    [InlineData("")]
    [InlineData("ONE")]
    [InlineData("First")]
    [InlineData("0")]
    public void What_is_no_word_has_no_value(string text) => Assert.Throws<FormatException>(() => WireName<Worded>.Parse(text));

    [Fact]
    public void An_enum_that_leaves_a_member_without_a_word_has_none_at_all()
    {
        var error = Assert.Throws<TypeInitializationException>(() => WireName<HalfWorded>.Of(HalfWorded.First));
        Assert.Contains("HalfWorded.Second declares no word", error.InnerException!.Message, StringComparison.Ordinal);
    }
}
