using Mono.Cecil;

namespace Assay.Tests;

/// <summary>What is under way is folded once, by <c>ActiveEffects</c>, and lanes are told it: no state of a lane counts it again.</summary>
public sealed class ActiveEffectsTests
{
    private const string Word = "InFlight";

    [Fact]
    public void No_lane_keeps_what_is_under_way_in_its_state()
    {
        var members = BuiltAssembly.Types("Assay.Lanes").SelectMany(Members);
        Assert.Equal([], members.Where(m => m.Name.Contains(Word, StringComparison.OrdinalIgnoreCase)).Select(m => m.FullName));
    }

    [Fact]
    public void The_word_is_that_of_the_one_fold() =>
        Assert.Contains(BuiltAssembly.Types("Assay.Kernel").Single(t => t.Name == "ActiveEffects").Properties, p => p.Name == Word);

    private static IEnumerable<IMemberDefinition> Members(TypeDefinition type) =>
        [type, .. type.Fields, .. type.Properties, .. type.Methods, .. type.NestedTypes.SelectMany(Members)];
}
