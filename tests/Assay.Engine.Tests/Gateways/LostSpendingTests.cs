using Assay.Engine.Gateways;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Tests.Gateways;

/// <summary>What an attempt can have spent whose engine was killed.</summary>
public sealed class LostSpendingTests
{
    private const string Asked = """{"at":"x","request":1,"reserved_micro_usd":801000,"under_way":true}""";
    private const string Ended = """{"cost_micro_usd":400500,"request":1,"reserved_micro_usd":null}""";
    private const string Unknown = """{"cost_micro_usd":null,"request":1,"reserved_micro_usd":801000}""";
    private const string Free = """{"cost_micro_usd":0,"request":1}""";

    [Theory]
    [InlineData("", 0)]
    [InlineData(Asked + "\n", 801_000)]
    [InlineData(Asked + "\n" + Ended + "\n", 400_500)]
    [InlineData(Asked + "\n" + Unknown + "\n", 801_000)]
    [InlineData(Free + "\n", 0)]
    [InlineData(Asked + "\n" + Ended + "\n" + """{"request":2,"reserved_micro_usd":5,"under_way":true}""" + "\n", 400_505)]
    [InlineData(Asked + "\n" + """{"cost_micro""", 1_000_000)]
    [InlineData("""{"unlisted":7}""" + "\n", 1_000_000)]
    [InlineData("""{"at":"x"}""" + "\n", 1_000_000)]
    [InlineData("no json\n", 1_000_000)]
    public void The_log_of_its_gateway_tells_or_all_that_was_allowed_counts(string log, long micros)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Under("gateway.jsonl"), log);
        Assert.Equal(new Usd(micros), LostSpending.AtMost(Gateway, folder.Path));
    }

    [Fact]
    public void What_lies_on_disk_after_the_machine_went_down_may_not_be_all()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(new Usd(1_000_000), LostSpending.AtMost(Gateway, null));
        Assert.Equal(default(Usd), LostSpending.AtMost(Gateway, folder.Path));
        Assert.Null(LostSpending.AtMost(Gateway with { Prices = null }, folder.Path));
    }

    private static ModelGateway Gateway => new()
    {
        Dialect = ModelDialect.Anthropic,
        Endpoint = null,
        Model = "m",
        Prices = new TokenPrices(5, 5, 25),
        MaxOutputTokens = 1,
        MaxCost = new Usd(1_000_000),
        LogFile = "gateway.jsonl",
    };
}
