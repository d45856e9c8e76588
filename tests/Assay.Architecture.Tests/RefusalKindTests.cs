using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Assay.Tests;

/// <summary>A refusal is declared beside the others of its lane, and nowhere made of a word.</summary>
public sealed class RefusalKindTests
{
    private const string Kind = "Assay.Kernel.Lanes.RefusalKind";

    /// <summary>What is wrong with a document has the document's rule as its code.</summary>
    private const string OfDocuments = "Assay.Kernel.Lanes.Refusal::Of";

    [Fact]
    public void Refusals_are_made_only_where_they_are_listed()
    {
        var makers = BuiltAssembly.Files.Keys.SelectMany(BuiltAssembly.Types).SelectMany(Methods).Where(Makes).ToList();
        Assert.True(makers.Count > 5);
        Assert.Equal([OfDocuments], makers.Where(m => !IsList(m)).Select(m => $"{m.DeclaringType.FullName}::{m.Name}"));
    }

    private static IEnumerable<MethodDefinition> Methods(TypeDefinition type) => [.. type.Methods, .. type.NestedTypes.SelectMany(Methods)];

    private static bool Makes(MethodDefinition method) => method.HasBody && method.DeclaringType.FullName != Kind
        && method.Body.Instructions.Any(i => i.OpCode == OpCodes.Newobj && ((MethodReference)i.Operand).DeclaringType.FullName == Kind);

    private static bool IsList(MethodDefinition method) =>
        method is { IsConstructor: true, IsStatic: true } && method.DeclaringType.Properties.Any(p => p.Name == "All");
}
