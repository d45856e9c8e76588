using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Assay.Kernel.Effects;

/// <summary>The answers of other lanes that a lane may get, each by the word under which it is recorded.</summary>
/// <param name="types">How they are written and read.</param>
/// <param name="kinds">The records and their words.</param>
public sealed class AnswerKinds(IJsonTypeInfoResolver types, params IReadOnlyList<(string Word, Type Type)> kinds)
{
    /// <summary>The answers of a lane that asks nobody, or only those that say no more than yes or no.</summary>
    public static readonly AnswerKinds None = new(EffectJson.Default);

    /// <summary>How an effect's end is written and read. Made when it is first used, since most commands use few lanes.</summary>
    internal JsonTypeInfo<EffectFinished> Finished => field ??= kinds.Count == 0 ? EffectJson.Default.EffectFinished : Make();

    private JsonTypeInfo<EffectFinished> Make() => (JsonTypeInfo<EffectFinished>)new JsonSerializerOptions(EffectJson.Default.Options)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(EffectJson.Default.WithAddedModifier(AddKinds), types),
    }.GetTypeInfo(typeof(EffectFinished));

    private void AddKinds(JsonTypeInfo type)
    {
        if (type.Type != typeof(StreamAnswer)) return;
        foreach (var (word, answer) in kinds) type.PolymorphismOptions!.DerivedTypes.Add(new JsonDerivedType(answer, word));
    }
}
