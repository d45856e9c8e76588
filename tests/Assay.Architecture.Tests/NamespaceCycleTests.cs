using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Assay.Tests;

/// <summary>
/// Namespaces of one project use each other in one direction only. Those that do not yet stand in <c>namespace-cycles.txt</c>, which may
/// only become shorter: a line that is not needed any more fails as well.
/// </summary>
public sealed class NamespaceCycleTests
{
    [Fact]
    public void No_new_cycle_between_namespaces() =>
        ExceptionList.Check("namespace-cycles.txt", BuiltAssembly.Files.Keys.SelectMany(p => CyclicArrows(Arrows(p))));

    /// <summary>Which namespaces of a project use which others of it.</summary>
    private static HashSet<(string From, string To)> Arrows(string project)
    {
        var types = BuiltAssembly.Types(project);
        var own = types.Select(t => t.Namespace).ToHashSet(StringComparer.Ordinal);
        return [.. types.SelectMany(t => Used(t).Select(u => (From: t.Namespace, To: NamespaceOf(u)))).Where(a => a.From != a.To && own.Contains(a.To))];
    }

    /// <summary>The arrows that lie on a cycle: whose end leads back to their beginning.</summary>
    private static IEnumerable<string> CyclicArrows(HashSet<(string From, string To)> arrows)
    {
        var next = arrows.ToLookup(a => a.From, a => a.To, StringComparer.Ordinal);
        return arrows.Where(a => Reachable(a.To, next).Contains(a.From)).Select(a => $"{a.From} -> {a.To}");
    }

    private static HashSet<string> Reachable(string from, ILookup<string, string> next)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { from };
        var open = new Queue<string>(seen);
        while (open.TryDequeue(out var at))
        {
            foreach (var to in next[at].Where(seen.Add)) open.Enqueue(to);
        }

        return seen;
    }

    private static IEnumerable<TypeReference> Used(TypeDefinition type) =>
    [
        .. type.NestedTypes.SelectMany(Used),
        .. Parts(type.BaseType),
        .. type.Interfaces.SelectMany(i => Parts(i.InterfaceType)),
        .. Attributes(type),
        .. type.Fields.SelectMany(f => Parts(f.FieldType)),
        .. type.Properties.SelectMany(p => Attributes(p)),
        .. type.Methods.SelectMany(Used),
    ];

    private static IEnumerable<TypeReference> Used(MethodDefinition method) =>
    [
        .. Parts(method.ReturnType),
        .. method.Parameters.SelectMany(p => Parts(p.ParameterType)),
        .. Attributes(method),
        .. method.HasBody ? method.Body.Variables.SelectMany(v => Parts(v.VariableType)) : [],
        .. method.HasBody ? method.Body.Instructions.SelectMany(Used) : [],
    ];

    private static IEnumerable<TypeReference> Used(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => Parts(type),
        MethodReference method =>
        [
            .. Parts(method.DeclaringType), .. Parts(method.ReturnType), .. method.Parameters.SelectMany(p => Parts(p.ParameterType)),
            .. method is GenericInstanceMethod generic ? generic.GenericArguments.SelectMany(Parts) : [],
        ],
        FieldReference field => [.. Parts(field.DeclaringType), .. Parts(field.FieldType)],
        _ => [],
    };

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) => provider.CustomAttributes.SelectMany(a => Parts(a.AttributeType));

    /// <summary>A type and what it is made of.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null => [],
        GenericInstanceType generic => [.. Parts(generic.ElementType), .. generic.GenericArguments.SelectMany(Parts)],
        TypeSpecification made => Parts(made.ElementType),
        _ => [type],
    };

    private static string NamespaceOf(TypeReference type) => type.DeclaringType is { } outer ? NamespaceOf(outer) : type.Namespace;
}
