using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;

namespace Assay.Tests;

/// <summary>Every enum of kernel and lanes has a word for each member, and documents write that very word.</summary>
public sealed class WordsTests
{
    /// <summary>
    /// Nobody is shown where a run stands but by its status, which the reason of its end is part of; a refusal is told by its code, and what
    /// happens to a lost effect is in the record; what a column holds is between a lane and its store.
    /// </summary>
    private static readonly Type[] Wordless = [typeof(DossierPhase), typeof(RefusalClass), typeof(LossPolicy), typeof(ColumnType)];

    public static TheoryData<Type> Enums { get; } =
    [
        .. new[] { typeof(ProcessOutcome), typeof(EpochState) }.SelectMany(t => t.Assembly.GetTypes())
            .Where(t => t.IsEnum && t.DeclaringType is null && !Wordless.Contains(t)).OrderBy(t => t.FullName, StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Enums))]
    public void Every_value_has_a_word_of_its_own_and_documents_write_it(Type type) =>
        typeof(WordsTests).GetMethod(nameof(Check), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, null);

    private static void Check<TEnum>()
        where TEnum : struct, Enum
    {
        var values = Enum.GetValues<TEnum>();
        Assert.Equal(values, WireName<TEnum>.All.Select(WireName<TEnum>.Parse));
        if (typeof(TEnum).GetCustomAttribute<JsonConverterAttribute>() is null) return;
        Assert.Equal(WireName<TEnum>.All, values.Select(v => JsonSerializer.SerializeToElement(v).GetString()!));
    }
}
